// Datasets that synchronise: a client of the Cognito Sync API without dependencies, for
// browsers and Node.js 20. docs/sync-client.md says how to use it.
export { SyncClient } from './client.js';
export { Dataset, laterWins } from './dataset.js';
export { IdentityCredentials } from './credentials.js';
export { Encryption } from './encryption.js';
export { MemoryStore } from './store.js';
export { IndexedDBStore } from './indexeddb.js';
export { SyncError } from './http.js';
