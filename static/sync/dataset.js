// A dataset as an app sees it: reads and writes reach the device alone, and
// synchronize() exchanges changes with the server.
import { SyncError } from './http.js';
import { synchronize } from './synchronize.js';

/**
 * @typedef {object} Side one side of a conflict
 * @property {string | null} value null: removed
 * @property {number} modified on a device, ms since 1970
 * @property {string} [by] device
 *
 * @typedef {{key: string, local: Side, remote: Side}} Conflict
 *
 * @typedef {object} Options
 * @property {(conflict: Conflict) => 'local' | 'remote' | {value: string | null} | Promise<'local' | 'remote' | {value: string | null}>} [onConflict]
 *   settles a record that was changed here and elsewhere: one side, or a third value (null removes it). By default laterWins.
 * @property {(dataset: Dataset) => boolean | 'keep' | void | Promise<boolean | 'keep' | void>} [onDeleted]
 *   told that somebody deleted the dataset. "keep": what is here is sent again; false: nothing changes, and synchronize()
 *   fails; else what was synchronised is dropped here too, and only what was changed here since is sent.
 * @property {(dataset: Dataset, merged: Dataset[]) => void | Promise<void>} [onMerged]
 *   told of datasets that came from other identities of the user. It puts into the dataset what it wants of them; they are
 *   deleted when that has been sent. By default each of their records comes in where this dataset has none, or an older one.
 */

const edited = (r) => ({ ...r, edit: r.edit + 1 });
const longestKey = 1024; // characters, as the server counts
const longestValue = 1_048_575;

/** The side that was changed later by its device's clock; the remote one where both say the same. @param {Conflict} conflict */
export const laterWins = ({ local, remote }) => (local.modified > remote.modified ? 'local' : 'remote');

/** Fires "change" (detail: {remote: boolean}) after each change of its records. */
export class Dataset extends EventTarget {
  #running = null;
  #next = null;

  /**
   * Use SyncClient.dataset to get one.
   * @param {import('./client.js').SyncClient} client @param {string} name
   * @param {import('./encryption.js').Codec} codec @param {Options} options
   */
  constructor(client, name, codec, options) {
    super();
    this.client = client;
    this.name = name;
    this.codec = codec;
    this.options = { onConflict: laterWins, ...options };
    this.place = client.place(name);
  }

  /** Read or change what the device has; see Store. */
  update(keys, change) { return this.client.store.update(this.place, keys, change); }

  /** @param {string} key @returns {Promise<string | undefined>} */
  async get(key) {
    const stored = await this.codec.key(key);
    let found;
    await this.update([stored], (_, records) => { found = records.get(stored); });
    return found && found.value !== null ? (await this.codec.open(found)).value : undefined;
  }

  /**
   * All records, by key. One that does not open has an error in place of its value.
   * @returns {Promise<{key: string, value?: string, error?: Error, modified: number, pending: boolean}[]>}
   */
  async list() {
    let found;
    await this.update(null, (_, records) => { found = [...records.values()].filter((r) => r.value !== null); });
    const opened = await Promise.all(found.map(async (r) => {
      const more = { modified: r.modified, pending: r.dirty };
      return this.codec.open(r).then((o) => ({ ...o, ...more }), (error) => ({ key: r.key, error, ...more }));
    }));
    return opened.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  }

  /** @param {string} key @param {string} value */
  put(key, value) {
    if (typeof value !== 'string') throw new TypeError('a value is a string');
    return this.write(key, value, this.client.connection.time().getTime());
  }

  /** @param {string} key */
  remove(key) { return this.write(key, null, this.client.connection.time().getTime()); }

  async write(key, value, modified) {
    const stored = await this.codec.key(key);
    const sealed = value === null ? null : await this.codec.seal(key, value);
    if (!key || stored.length > longestKey || sealed?.length > longestValue) throw new SyncError('InvalidParameterException', `the record ${key} has an empty or too long key, or a too long value`, 400);
    await this.update([stored], (_, records) => {
      const old = records.get(stored);
      if (value === null && (!old || old.value === null)) return undefined;
      return { put: [{ ...(old ?? { syncCount: 0, edit: 0 }), key: stored, value: sealed, modified, dirty: true }].map(edited) };
    });
    this.changed(false);
  }

  /** Delete the dataset here now, and everywhere with the next synchronize(). */
  async delete() {
    await this.update(null, () => ({ clear: true, state: { syncCount: 0, deleted: true } }));
    this.changed(false);
  }

  /** How many changes the server does not have yet. A deletion counts as one. */
  async pending() {
    let n;
    await this.update(null, (state, records) => { n = [...records.values()].filter((r) => r.dirty).length + Number(Boolean(state.deleted)); });
    return n;
  }

  /**
   * Exchange changes with the server. A call during another one runs after it, once
   * for all who called meanwhile.
   * @returns {Promise<{received: number, sent: number, conflicts: number}>}
   */
  synchronize() {
    if (this.#running) {
      this.#next ??= this.#running.catch(() => {}).then(() => {
        this.#next = null;
        return this.synchronize();
      });
      return this.#next;
    }
    this.#running = synchronize(this).finally(() => { this.#running = null; });
    return this.#running;
  }

  changed(remote) { this.dispatchEvent(new CustomEvent('change', { detail: { remote } })); }
}
