// End-to-end encryption: what leaves the device, and what it keeps, is sealed under a
// key that the server never has.
//
//   base   = PBKDF2-HMAC-SHA-256(passphrase, salt = owner, 600000), or 32 random bytes
//   key    = HKDF-SHA-256(base, salt = owner, info = [version, purpose, dataset])
//   value  = "e1." base64url(iv || AES-256-GCM(key, iv, text, aad = [version, pool, identity, dataset, record key]))
//
// So a value opens under the record, dataset and identity that it was sealed for and
// under no other: the server cannot swap values. It can still withhold changes, show an
// older value of the same record, or remove one.

/** @typedef {{pool: string, identity: string, dataset: string}} Owner */

const version = 'e1';
const rounds = 600_000;
const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });

const bytes = (...parts) => utf8.encode(JSON.stringify(parts)); // no two lists have one encoding

const toBase64 = (buffer) => {
  let s = '';
  for (const b of new Uint8Array(buffer)) s += String.fromCharCode(b);
  return btoa(s).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
};
const fromBase64 = (s) => Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

/** What cannot be opened: sealed under another key or for another place, or not sealed at all. */
export class EncryptionError extends Error {
  name = 'EncryptionError';
}

/** Encrypts the datasets of a client. */
export class Encryption {
  #base; // owner -> promise of an HKDF key

  constructor(base, hideKeys) {
    const known = new Map();
    this.#base = ({ pool, identity }) => {
      const owner = JSON.stringify([pool, identity]);
      if (!known.has(owner)) known.set(owner, base(utf8.encode(owner)));
      return known.get(owner);
    };
    this.hideKeys = hideKeys;
  }

  /**
   * Under a passphrase. It should be a long one: whoever has the server's data may try passphrases.
   * @param {string} passphrase
   * @param {{hideKeys?: boolean}} [options] hideKeys: the keys of records are hidden too
   */
  static async fromPassphrase(passphrase, { hideKeys = false } = {}) {
    if (!passphrase) throw new TypeError('the passphrase is empty');
    const secret = await crypto.subtle.importKey('raw', utf8.encode(passphrase.normalize('NFC')), 'PBKDF2', false, ['deriveBits']);
    return new Encryption(async (salt) => {
      const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }, secret, 256);
      return crypto.subtle.importKey('raw', bits, 'HKDF', false, ['deriveKey']);
    }, hideKeys);
  }

  /**
   * Under a key of 32 random bytes that the app brings from device to device by itself.
   * @param {Uint8Array} key
   * @param {{hideKeys?: boolean}} [options]
   */
  static async fromKey(key, { hideKeys = false } = {}) {
    if (key.length !== 32) throw new TypeError('the key must have 32 bytes');
    const base = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveKey']);
    return new Encryption(async () => base, hideKeys);
  }

  async #derive({ pool, identity, dataset }, purpose, algorithm, uses) {
    const base = await this.#base({ pool, identity });
    return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: bytes(pool, identity), info: bytes(version, purpose, dataset) }, base, algorithm, false, uses);
  }

  /** The codec of one dataset. @param {Owner} owner */
  codec(owner) {
    let values, keys;
    return new SealedCodec(owner, this.hideKeys,
      () => values ??= this.#derive(owner, 'values', { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt']),
      () => keys ??= this.#derive(owner, 'keys', { name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign']));
  }
}

/**
 * A codec turns records into what is stored, and back.
 * @typedef {object} Codec
 * @property {(key: string) => Promise<string>} key
 * @property {(key: string, value: string) => Promise<string>} seal
 * @property {(stored: {key: string, value: string}) => Promise<{key: string, value: string}>} open
 */

/** Stores records as they are. @type {Codec} */
export const plain = {
  key: async (key) => key,
  seal: async (_, value) => value,
  open: async ({ key, value }) => ({ key, value }),
};

/** @implements {Codec} */
class SealedCodec {
  constructor(owner, hideKeys, values, keys) {
    Object.assign(this, { owner, hideKeys, values, keys });
  }

  #bound(key) { return bytes(version, this.owner.pool, this.owner.identity, this.owner.dataset, key); }

  // A hidden key is a MAC of it, the same on each device; the key itself stands in the sealed value.
  async key(key) {
    return this.hideKeys ? `k1.${toBase64(await crypto.subtle.sign('HMAC', await this.keys(), utf8.encode(key)))}` : key;
  }

  async seal(key, value) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const additionalData = this.#bound(await this.key(key));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, await this.values(), bytes(key, value));
    const all = new Uint8Array(iv.length + sealed.byteLength);
    all.set(iv);
    all.set(new Uint8Array(sealed), iv.length);
    return `${version}.${toBase64(all)}`;
  }

  async open({ key, value }) {
    if (!value.startsWith(`${version}.`)) throw new EncryptionError(`record ${key} is not encrypted`);
    try {
      const all = fromBase64(value.slice(version.length + 1));
      const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: all.subarray(0, 12), additionalData: this.#bound(key) }, await this.values(), all.subarray(12));
      const [name, content] = JSON.parse(text.decode(opened));
      return { key: name, value: content };
    } catch {
      throw new EncryptionError(`record ${key} does not open: another passphrase, or it was sealed for another place`);
    }
  }
}
