// A soft authenticator: passkeys of one relying party, as a browser with a platform
// authenticator makes and uses them (WebAuthn level 2, ES256, no attestation).
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const sha256 = (data) => createHash('sha256').update(data).digest();
const b64 = (data) => Buffer.from(data).toString('base64url');

// cbor encodes what attestations are made of: integers, bytes, text, maps.
function cbor(value) {
  const head = (major, n) => (n < 24 ? Buffer.from([(major << 5) | n]) : n < 256 ? Buffer.from([(major << 5) | 24, n]) : Buffer.from([(major << 5) | 25, n >> 8, n & 255]));
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([k, v]) => [cbor(k), cbor(v)])]);
}

const present = 1;
const verified = 4;
const withKey = 64;

// passkey makes one. What a test changes of the honest behaviour: rpId, origin,
// verify, alg.
export function passkey(options, { origin, rpId = options.rp.id, verify = true, challenge = options.challenge, alg = -7 }) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(16);
  let count = 0;
  const flags = (more = 0) => Buffer.from([present | (verify ? verified : 0) | more]);
  const counter = () => { const c = Buffer.alloc(4); c.writeUInt32BE(count += 1); return c; };
  const key = cbor(new Map([[1, 2], [3, alg], [-1, 1], [-2, Buffer.from(x, 'base64url')], [-3, Buffer.from(y, 'base64url')]]));
  const client = (type, value) => Buffer.from(JSON.stringify({ type, challenge: value, origin, crossOrigin: false }));
  const envelope = (response) => ({ id: b64(id), rawId: b64(id), type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {}, response });

  const made = Buffer.concat([sha256(rpId), flags(withKey), counter(), Buffer.alloc(16), Buffer.from([0, id.length]), id, key]);
  const attestation = cbor(new Map([['fmt', 'none'], ['attStmt', new Map()], ['authData', made]]));
  return {
    id: b64(id),
    // registration is the credential that answers the options.
    registration: envelope({ clientDataJSON: b64(client('webauthn.create', challenge)), attestationObject: b64(attestation), transports: ['internal'] }),
    // use answers the options of a sign-in.
    use: (request, userHandle = options.user.id) => {
      const authData = Buffer.concat([sha256(rpId), flags(), counter()]);
      const clientData = client('webauthn.get', request.challenge);
      const signature = sign('sha256', Buffer.concat([authData, sha256(clientData)]), privateKey);
      return envelope({ clientDataJSON: b64(clientData), authenticatorData: b64(authData), signature: b64(signature), userHandle });
    },
  };
}
