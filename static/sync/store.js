// Where a device keeps its datasets. Two stores: this one in memory, and IndexedDB.

/**
 * @typedef {object} LocalRecord a record as this device has it
 * @property {string} key as on the server: of an encrypted dataset, perhaps a hash
 * @property {string | null} value as on the server; null for a removed record
 * @property {number} syncCount at which this device last saw the server's record; 0 if never
 * @property {boolean} dirty changed here, and not yet accepted by the server
 * @property {number} edit counts the changes made here
 * @property {number} modified when it was last changed on a device, ms since 1970
 * @property {string} [by] device of the last change that the server knows
 *
 * @typedef {object} LocalState what a device knows of a dataset
 * @property {number} syncCount up to which the dataset was read; 0 if never
 * @property {boolean} [deleted] deleted here, and the server does not know it yet
 *
 * @typedef {object} Changes
 * @property {LocalState} [state]
 * @property {LocalRecord[]} [put]
 * @property {boolean} [clear] forget the state and all records first
 *
 * @typedef {object} Store
 * @property {(dataset: string, keys: string[] | null, change: (state: LocalState, records: Map<string, LocalRecord>) => Changes | void) => Promise<void>} update
 *   reads the state and the records with these keys, or all, and writes what change returns, in one transaction. Only with all keys may change ask to clear.
 * @property {(prefix: string) => Promise<string[]>} datasets
 * @property {(name: string) => Promise<any>} getSetting
 * @property {(name: string, value: any) => Promise<void>} setSetting
 */

export const fresh = () => ({ syncCount: 0 });

/** A store that is gone with the page. @implements {Store} */
export class MemoryStore {
  #datasets = new Map();
  #settings = new Map();

  async update(dataset, keys, change) {
    const kept = this.#datasets.get(dataset) ?? { state: fresh(), records: new Map() };
    const asked = keys === null ? kept.records : new Map(keys.filter((k) => kept.records.has(k)).map((k) => [k, kept.records.get(k)]));
    const changes = change(structuredClone(kept.state), structuredClone(asked));
    if (!changes) return;
    if (changes.clear) kept.records.clear();
    if (changes.clear && !changes.state) this.#datasets.delete(dataset);
    else this.#datasets.set(dataset, kept);
    if (changes.state) kept.state = structuredClone(changes.state);
    for (const record of changes.put ?? []) kept.records.set(record.key, structuredClone(record));
  }

  async datasets(prefix) { return [...this.#datasets.keys()].filter((name) => name.startsWith(prefix)).sort(); }

  async getSetting(name) { return this.#settings.get(name); }

  async setSetting(name, value) { this.#settings.set(name, value); }
}
