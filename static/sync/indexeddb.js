// A store that outlives the page.
import { fresh } from './store.js';

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const whole = (dataset) => IDBKeyRange.bound([dataset], [dataset, []]); // an array sorts behind every string

/** @implements {import('./store.js').Store} */
export class IndexedDBStore {
  #db;

  /** @param {string} [name] of the database */
  constructor(name = 'poolhouse-sync') {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const table of ['states', 'records', 'settings']) request.result.createObjectStore(table);
    };
    this.#db = done(request);
    this.#db.catch(() => {}); // whoever uses the store is told
  }

  // within runs work, which may await the transaction's own requests only.
  async #within(tables, mode, work) {
    const tx = (await this.#db).transaction(tables, mode);
    const end = new Promise((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error);
    });
    end.catch(() => {}); // a fault of work comes first
    try {
      const result = await work(...tables.map((table) => tx.objectStore(table)));
      await end;
      return result;
    } catch (error) {
      try { tx.abort(); } catch { /* it has ended */ }
      throw error;
    }
  }

  update(dataset, keys, change) {
    return this.#within(['states', 'records'], 'readwrite', async (states, records) => {
      const reads = keys === null ? [done(records.getAll(whole(dataset)))] : keys.map((key) => done(records.get([dataset, key])));
      const [state, ...found] = await Promise.all([done(states.get(dataset)), ...reads]);
      const changes = change(state ?? fresh(), new Map(found.flat().filter(Boolean).map((r) => [r.key, r])));
      if (!changes) return;
      if (changes.clear) records.delete(whole(dataset));
      if (changes.clear && !changes.state) states.delete(dataset);
      else states.put(changes.state ?? state ?? fresh(), dataset);
      for (const record of changes.put ?? []) records.put(record, [dataset, record.key]);
    });
  }

  async datasets(prefix) {
    const names = await this.#within(['states'], 'readonly', (states) => done(states.getAllKeys()));
    return names.filter((name) => name.startsWith(prefix));
  }

  getSetting(name) { return this.#within(['settings'], 'readonly', (settings) => done(settings.get(name))); }

  setSetting(name, value) { return this.#within(['settings'], 'readwrite', async (settings) => { await done(settings.put(value, name)); }); }

  /** Close the database, for instance before it is deleted. */
  async close() { (await this.#db).close(); }
}
