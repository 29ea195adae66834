// Every Sync operation that is served, through @aws-sdk/client-cognito-sync.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { env, identify, refused, root } from '../awsjs/clients.js';

const IdentityPoolId = env.POOLHOUSE_IDENTITY_POOL_ID;
let alice, bob;

before(async () => {
  alice = await identify();
  bob = await identify(env.POOLHOUSE_USERNAME2, env.POOLHOUSE_PASSWORD2);
});

// at returns calls about one dataset of alice, by her unless told otherwise.
function at(DatasetName, caller = alice.call) {
  const where = { IdentityPoolId, IdentityId: alice.IdentityId, DatasetName };
  const send = (operation, input = {}) => caller('sync', operation, { ...where, ...input });
  const list = (LastSyncCount = 0, more = {}) => send('ListRecords', { LastSyncCount, ...more });
  const update = async (RecordPatches, SyncSessionToken) => send('UpdateRecords', {
    RecordPatches, DeviceId: 'phone', SyncSessionToken: SyncSessionToken ?? (await list()).SyncSessionToken,
  });
  return { send, list, update };
}

const put = (Key, Value, SyncCount) => ({ Op: 'replace', Key, Value, SyncCount, DeviceLastModifiedDate: new Date(1_700_000_000_000) });
const remove = (Key, SyncCount) => ({ Op: 'remove', Key, SyncCount });

test('a dataset that does not exist', async () => {
  const { list, send } = at('nothing');
  const l = await list();
  assert.equal(l.DatasetExists, false);
  assert.equal(l.DatasetSyncCount, 0);
  assert.equal(l.Count, 0);
  assert.equal(l.DatasetDeletedAfterRequestedSyncCount, false);
  assert.ok(l.SyncSessionToken);
  await refused(send('DescribeDataset'), 'ResourceNotFoundException');
  await refused(send('DeleteDataset'), 'ResourceNotFoundException');
});

test('records, counts and tombstones', async () => {
  const { list, update, send } = at('notes:client');
  const { Records } = await update([put('a', '1', 0), put('b', 'ü', 0)]);
  assert.deepEqual(Records.map((r) => [r.Key, r.Value, r.SyncCount, r.LastModifiedBy]), [['a', '1', 1, 'phone'], ['b', 'ü', 1, 'phone']]);
  assert.equal(Records[0].DeviceLastModifiedDate.getTime(), 1_700_000_000_000);
  assert.ok(Math.abs(Records[0].LastModifiedDate - Date.now()) < 60_000);
  await update([remove('a', 1)]);
  const since = await list(1);
  assert.deepEqual(since.Records.map((r) => [r.Key, r.Value, r.SyncCount]), [['a', undefined, 2]]);
  assert.equal(since.DatasetSyncCount, 2);
  assert.equal((await send('DescribeDataset')).Dataset.DataStorage, 4);
});

test('a stale count is refused whole', async () => {
  const { list, update } = at('stale');
  await update([put('a', '1', 0), put('b', '1', 0)]);
  const error = await refused(update([put('b', '2', 1), put('a', '2', 0)]), 'ResourceConflictException', 'Current SyncCount for: a is: 1 not: 0');
  assert.equal(error.$metadata.httpStatusCode, 409);
  assert.deepEqual((await list()).Records.map((r) => r.Value), ['1', '1']);
});

test('a request that is sent twice is answered twice', async () => {
  const { list, update } = at('twice');
  const { SyncSessionToken } = await list();
  const first = await update([put('a', '1', 0)], SyncSessionToken);
  const again = await update([put('a', '1', 0)], SyncSessionToken);
  assert.deepEqual(again.Records, first.Records);
  assert.equal((await list()).DatasetSyncCount, 1);
});

test('of twenty writers one wins', async () => {
  const { list, update } = at('race');
  const tokens = await Promise.all(Array.from({ length: 20 }, () => list()));
  const results = await Promise.allSettled(tokens.map((t, i) => update([put('a', `${i}`, 0)], t.SyncSessionToken)));
  assert.equal(results.filter((r) => r.status === 'fulfilled').length, 1);
  for (const r of results) if (r.status === 'rejected') assert.equal(r.reason.name, 'ResourceConflictException');
});

test('pages are of one count', async () => {
  const { list, update } = at('pages');
  await update(['a', 'b', 'c'].map((k) => put(k, '1', 0)));
  const first = await list(0, { MaxResults: 2 });
  await update([put('c', '2', 1), put('d', '1', 0)]);
  const second = await list(0, { MaxResults: 2, NextToken: first.NextToken });
  assert.deepEqual([first.DatasetSyncCount, second.DatasetSyncCount], [1, 1]);
  assert.deepEqual([...first.Records, ...second.Records].map((r) => r.Key), ['a', 'b']);
  assert.deepEqual((await list(1)).Records.map((r) => r.Key), ['c', 'd']);
});

test('sessions are bound to identity and dataset', async () => {
  const { SyncSessionToken } = await at('bound').list();
  await refused(at('elsewhere').update([put('a', '1', 0)], SyncSessionToken), 'NotAuthorizedException');
  await refused(at('bound').update([put('a', '1', 0)], 'nonsense'), 'InvalidParameterException');
  await refused(bob.call('sync', 'UpdateRecords', { IdentityPoolId, IdentityId: bob.IdentityId, DatasetName: 'bound', SyncSessionToken, RecordPatches: [put('a', '1', 0)] }), 'NotAuthorizedException');
});

test('limits', async () => {
  const { update } = at('limits');
  await refused(update([put('ab', 'v'.repeat(1024 * 1024 - 1), 0)]), 'LimitExceededException');
  await refused(update(Array.from({ length: 1025 }, (_, i) => put(`k${i}`, '', 0))), 'LimitExceededException');
  await update(Array.from({ length: 1024 }, (_, i) => put(`k${i}`, '', 0)));
});

test('usage, listing, deletion', async () => {
  const { update, send, list } = at('usage');
  await update([put('key', 'value', 0)]);
  const who = { IdentityPoolId, IdentityId: alice.IdentityId };
  const { IdentityUsage } = await alice.call('sync', 'DescribeIdentityUsage', who);
  const { Datasets, Count } = await alice.call('sync', 'ListDatasets', who);
  assert.equal(Count, Datasets.length);
  assert.equal(IdentityUsage.DatasetCount, Datasets.length);
  assert.equal(IdentityUsage.DataStorage, Datasets.reduce((sum, d) => sum + d.DataStorage, 0));
  const { Dataset } = await send('DeleteDataset');
  assert.deepEqual([Dataset.DatasetName, Dataset.NumRecords, Dataset.DataStorage], ['usage', 1, 8]);
  const l = await list(1);
  assert.deepEqual([l.DatasetExists, l.DatasetDeletedAfterRequestedSyncCount], [false, true]);
  assert.equal((await update([put('key', 'again', 0)])).Records[0].SyncCount, 3);
});

test('nobody else, but the account itself', async () => {
  await at('private').update([put('a', '1', 0)]);
  const { SyncSessionToken } = await at('private').list();
  const foreign = at('private', bob.call);
  const operations = ['ListRecords', 'DescribeDataset', 'DeleteDataset', 'ListDatasets', 'DescribeIdentityUsage'];
  for (const operation of operations) await refused(foreign.send(operation), 'NotAuthorizedException');

  // A policy that is too wide lets nobody into the data of others either.
  const role = { RoleName: env.POOLHOUSE_ROLE_ARN.split('/').pop(), PolicyName: 'wide' };
  const wide = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'cognito-sync:*', Resource: '*' }] };
  await root('iam', 'PutRolePolicy', { ...role, PolicyDocument: JSON.stringify(wide) });
  for (const operation of operations) {
    const error = await refused(foreign.send(operation), 'NotAuthorizedException');
    assert.equal(error.$metadata.httpStatusCode, 403);
  }
  await refused(foreign.update([put('b', '1', 0)], SyncSessionToken), 'NotAuthorizedException');
  await root('iam', 'DeleteRolePolicy', role);

  const { Records } = await at('private', root).list();
  assert.deepEqual(Records.map((r) => r.Key), ['a']);
  const unknown = { IdentityPoolId, IdentityId: 'us-east-1:00000000-0000-0000-0000-000000000000' };
  await refused(root('sync', 'DescribeIdentityUsage', unknown), 'ResourceNotFoundException');
  assert.deepEqual((await root('sync', 'ListDatasets', unknown)).Datasets, []);
});
