// A device of somebody: identity, local store, datasets, and the stream of changes.
import { API } from './api.js';
import { about, IdentityCredentials } from './credentials.js';
import { Dataset } from './dataset.js';
import { plain } from './encryption.js';
import { Connection, SyncError } from './http.js';
import { IndexedDBStore } from './indexeddb.js';
import { Live } from './live.js';
import { MemoryStore } from './store.js';

const settle = 300; // ms that a change waits for the next before both are sent
const retry = 5_000; // ms, and at random up to twice as much, after a failure that may pass

/**
 * @typedef {object} ClientOptions
 * @property {string} endpoint URL of the server
 * @property {string} [region] us-east-1 by default
 * @property {string} identityPoolId
 * @property {() => string | Promise<string>} [idToken] returns an ID token that is valid now, or, offline, the last one; without it: a guest
 * @property {string} [provider] name of the token's issuer in the identity pool, where it does not follow from the token
 * @property {string} [identityId] of the guest that the user was until now, to keep the data
 * @property {import('./store.js').Store} [store] IndexedDB in a browser, memory elsewhere
 * @property {import('./encryption.js').Encryption} [encryption] of all datasets
 * @property {typeof fetch} [fetch] @property {() => number} [now] for tests
 */

// known remembers in the store what a device needs while it is offline.
async function known(store, name, make) {
  const kept = await store.getSetting(name);
  if (kept !== undefined) return kept;
  const made = await make();
  await store.setSetting(name, made);
  return made;
}

/** Fires "status" (detail: {status, error}) about the stream, and "failed" (detail: {dataset, error}) when a change could not be exchanged. */
export class SyncClient extends EventTarget {
  #datasets = new Map();
  #live = null;
  #waiting = new Map(); // dataset name -> timer
  #online = () => this.#live?.wake();

  /** Open the datasets of somebody. Needs the network the first time only. @param {ClientOptions} options */
  static async open({ region = 'us-east-1', store = globalThis.indexedDB ? new IndexedDBStore() : new MemoryStore(), ...options }) {
    const connection = new Connection({ ...options, region });
    const credentials = new IdentityCredentials({ ...options, connection });
    const account = options.idToken ? about(await options.idToken()).account : 'guest';
    const setting = `identity ${options.identityPoolId} ${account}`;
    if (options.identityId) await store.setSetting(setting, await identify(credentials));
    credentials.identityId = await known(store, setting, () => identify(credentials));
    const deviceId = await known(store, 'device', () => crypto.randomUUID());
    return new SyncClient({ ...options, setting }, connection, credentials, store, deviceId);
  }

  /** Use SyncClient.open. */
  constructor(options, connection, credentials, store, deviceId) {
    super();
    Object.assign(this, { connection, credentials, store, deviceId, encryption: options.encryption, setting: options.setting });
    /** The identity whose datasets these are. */
    this.identityId = credentials.identityId;
    credentials.fixed = true;
    this.api = new API(connection, credentials, this.identityId, deviceId);
  }

  place(name) { return `${this.credentials.identityPoolId}/${this.identityId}/${name}`; }

  #codec(name, identity = this.identityId) {
    return this.encryption?.codec({ pool: this.credentials.identityPoolId, identity, dataset: name }) ?? plain;
  }

  /** A dataset, which need not exist yet. Each name has one object; its options are those of the first call. @param {string} name @param {import('./dataset.js').Options} [options] */
  dataset(name, options) {
    if (!this.#datasets.has(name)) {
      const made = new Dataset(this, name, this.#codec(name), options);
      made.addEventListener('change', ({ detail }) => { if (!detail.remote) this.#soon(made); });
      this.#datasets.set(name, made);
    }
    return this.#datasets.get(name);
  }

  /** A dataset NAME.IDENTITY that came from another identity, sealed as it was there. */
  merged(dataset, name) {
    return new Dataset(this, name, this.#codec(dataset.name, name.slice(dataset.name.length + 1)), dataset.options);
  }

  /** The datasets that the server has. */
  datasets() { return this.api.datasets(); }

  /** Synchronise every dataset that was opened. */
  async synchronize() { await Promise.all([...this.#datasets.values()].map((d) => d.synchronize())); }

  /**
   * From now on changes come and go by themselves, until disconnect().
   * @param {{datasets?: string[]}} [options] names to hear of; by default all, which the identity's policy must allow
   */
  connect({ datasets } = {}) {
    this.disconnect();
    this.#live = new Live(this.api, {
      onChange: (event) => this.#heard(event),
      onReset: () => { for (const d of this.#datasets.values()) this.#exchange(d); },
      onStatus: (status, error) => this.#status(status, error),
    }, datasets);
    globalThis.addEventListener?.('online', this.#online);
  }

  disconnect() {
    globalThis.removeEventListener?.('online', this.#online);
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    if (!this.#live) return;
    this.#live.close();
    this.#live = null;
    this.#status('offline');
  }

  #heard({ datasetName, lastModifiedBy, deleted }) {
    const dataset = this.#datasets.get(datasetName) ?? [...this.#datasets.values()].find((d) => datasetName.startsWith(`${d.name}.`)); // merged into it
    if (dataset && (lastModifiedBy !== this.deviceId || deleted)) this.#exchange(dataset);
  }

  // soon sends a change of this device together with those that follow at once.
  #soon(dataset, wait = settle) {
    if (!this.#live) return;
    clearTimeout(this.#waiting.get(dataset.name));
    this.#waiting.set(dataset.name, setTimeout(() => this.#exchange(dataset), wait));
  }

  #exchange(dataset) {
    dataset.synchronize().catch((error) => {
      this.dispatchEvent(new CustomEvent('failed', { detail: { dataset, error } }));
      if (error.temporary) this.#soon(dataset, retry * (1 + Math.random()));
    });
  }

  async #status(status, error) {
    this.dispatchEvent(new CustomEvent('status', { detail: { status, error } }));
    if (status !== 'online') return;
    for (const d of this.#datasets.values()) if (await d.pending() > 0) this.#exchange(d); // what was changed offline
  }

  /** Forget everything that this device keeps of the user, what was not sent yet and the identity included: on signing out. */
  async forget() {
    this.disconnect();
    for (const name of await this.store.datasets(this.place(''))) await this.store.update(name, null, () => ({ clear: true }));
    await this.store.setSetting(this.setting, undefined);
  }
}

async function identify(credentials) {
  await credentials.get();
  if (!credentials.identityId) throw new SyncError('NotAuthorizedException', 'the server named no identity', 403);
  return credentials.identityId;
}
