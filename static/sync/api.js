// The operations of Cognito Sync that a device needs.
import { SyncError } from './http.js';
import { escape } from './sigv4.js';

/**
 * @typedef {object} RemoteRecord
 * @property {string} key
 * @property {string | null} value null for a removed record
 * @property {number} syncCount
 * @property {number} modified on a device, ms since 1970
 * @property {string} [by] device
 *
 * @typedef {object} Listing
 * @property {RemoteRecord[]} records
 * @property {number} count the dataset's sync count
 * @property {boolean} exists
 * @property {boolean} deleted since the count that was asked for
 * @property {string[]} merged names of datasets that came from other identities
 * @property {string} session token for an update
 */

const pageSize = '1024';
const name = /^[a-zA-Z0-9_.:-]+$/;

/** @returns {RemoteRecord} */
function record(r) {
  return { key: r.Key, value: r.Value ?? null, syncCount: r.SyncCount, modified: Math.round((r.DeviceLastModifiedDate ?? r.LastModifiedDate ?? 0) * 1000), by: r.LastModifiedBy };
}

export class API {
  /**
   * @param {import('./http.js').Connection} connection
   * @param {import('./credentials.js').IdentityCredentials} credentials
   * @param {string} identityId
   * @param {string} deviceId
   */
  constructor(connection, credentials, identityId, deviceId) {
    this.connection = connection;
    this.credentials = credentials;
    this.deviceId = deviceId;
    this.root = `/identitypools/${escape(credentials.identityPoolId)}/identities/${escape(identityId)}`;
  }

  #path(dataset) {
    if (!name.test(dataset) || /^\.+$/.test(dataset)) throw new SyncError('InvalidParameterException', `${dataset} cannot be the name of a dataset`, 400);
    return `${this.root}/datasets/${escape(dataset)}`;
  }

  #call(method, path, query = {}, input = undefined) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = given.map(([key, value]) => `${key}=${escape(String(value))}`).join('&');
    const request = { method, path: search ? `${path}?${search}` : path, service: 'cognito-sync' };
    if (input) Object.assign(request, { body: JSON.stringify(input), headers: { 'content-type': 'application/json' } });
    return this.connection.json(request, this.credentials.get);
  }

  /** List what changed in a dataset since a count. @returns {Promise<Listing>} */
  async list(dataset, since) {
    const records = [];
    for (let nextToken; ;) {
      const page = await this.#call('GET', `${this.#path(dataset)}/records`, { lastSyncCount: since, maxResults: pageSize, nextToken });
      records.push(...page.Records.map(record));
      nextToken = page.NextToken;
      if (nextToken) continue;
      return { records, count: page.DatasetSyncCount, exists: page.DatasetExists, merged: page.MergedDatasetNames ?? [], session: page.SyncSessionToken,
        deleted: Boolean(page.DatasetDeletedAfterRequestedSyncCount) || since > 0 && !page.DatasetExists };
    }
  }

  /**
   * Send changes: all are stored, or none.
   * @param {string} dataset @param {string} session @param {import('./store.js').LocalRecord[]} changed
   * @returns {Promise<RemoteRecord[]>} what is stored now; perhaps more than was sent
   */
  async update(dataset, session, changed) {
    const patches = changed.map((r) => ({ Op: r.value === null ? 'remove' : 'replace', Key: r.key, Value: r.value ?? undefined, SyncCount: r.syncCount, DeviceLastModifiedDate: r.modified / 1000 }));
    const out = await this.#call('POST', this.#path(dataset), {}, { DeviceId: this.deviceId, SyncSessionToken: session, RecordPatches: patches });
    return out.Records.map(record);
  }

  /** Delete a dataset, if there is one. */
  async delete(dataset) {
    try {
      await this.#call('DELETE', this.#path(dataset));
    } catch (error) {
      if (error.name !== 'ResourceNotFoundException') throw error;
    }
  }

  /** @returns {Promise<{name: string, records: number, bytes: number, modified: number}[]>} the datasets that the server has */
  async datasets() {
    const all = [];
    for (let nextToken; ;) {
      const page = await this.#call('GET', `${this.root}/datasets`, { maxResults: '64', nextToken });
      all.push(...page.Datasets.map((d) => ({ name: d.DatasetName, records: d.NumRecords, bytes: d.DataStorage, modified: d.LastModifiedDate * 1000 })));
      nextToken = page.NextToken;
      if (!nextToken) return all;
    }
  }
}
