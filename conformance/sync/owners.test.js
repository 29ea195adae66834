// Identities that merge or end, devices and pushes, and usage, through
// @aws-sdk/client-cognito-sync.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { env, refused, root } from '../awsjs/clients.js';
import { enter, ownPool } from './own.js';

let pool, IdentityPoolId, alice;

before(async () => {
  pool = await ownPool('owners');
  ({ IdentityPoolId } = pool);
  alice = await enter(IdentityPoolId, await pool.alice());
});

// pushed waits until the fake SNS was asked to push a count of a dataset, and returns
// the endpoints and messages of that count.
async function pushed(datasetName, syncCount) {
  const notice = (c) => Object.values(JSON.parse(c.Message)).map((m) => (m.startsWith('{') ? JSON.parse(m) : {})).find((m) => m.data)?.data;
  for (let tries = 0; tries < 200; tries += 1) {
    const calls = await (await fetch(`${env.FAKE_SNS}/calls`)).json();
    const found = calls.filter((c) => c.Action === 'Publish' && notice(c).identityPoolId === IdentityPoolId
      && notice(c).datasetName === datasetName && notice(c).syncCount === syncCount);
    if (found.length > 0) return found;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`nobody was told of count ${syncCount} of ${datasetName}`);
}

test('a guest who signs in finds her datasets beside her own', async () => {
  const guest = await enter(IdentityPoolId);
  await guest.put('notes', 'a', 'of the guest');
  await guest.put('draft', 'b', 'of the guest');
  await alice.put('notes', 'a', 'of alice');
  const late = await guest.list('notes');

  const same = await enter(IdentityPoolId, await pool.alice(), guest.IdentityId);
  assert.equal(same.IdentityId, alice.IdentityId);
  const merged = `notes.${guest.IdentityId}`;
  for (const MaxResults of [undefined, 1]) assert.deepEqual((await same.list('notes', { MaxResults })).MergedDatasetNames, [merged]);
  const draft = await same.list('draft');
  assert.deepEqual([draft.DatasetExists, draft.MergedDatasetNames], [false, [`draft.${guest.IdentityId}`]]);
  assert.deepEqual((await same.list(merged)).Records.map((r) => [r.Key, r.Value, r.SyncCount]), [['a', 'of the guest', 1]]);

  // The guest's credentials live on and reach nothing any more.
  for (const operation of ['ListDatasets', 'DescribeIdentityUsage']) await refused(guest.sync(operation), 'NotAuthorizedException');
  for (const operation of ['ListRecords', 'DescribeDataset', 'DeleteDataset']) {
    await refused(guest.sync(operation, { DatasetName: 'notes' }), 'NotAuthorizedException');
  }
  await refused(guest.sync('UpdateRecords', { DatasetName: 'notes', SyncSessionToken: late.SyncSessionToken, RecordPatches: [{ Op: 'replace', Key: 'x', Value: '1', SyncCount: 0 }] }), 'NotAuthorizedException');
  await refused(root('sync', 'DescribeIdentityUsage', { IdentityPoolId, IdentityId: guest.IdentityId }), 'ResourceNotFoundException');

  // Taken over and deleted, it is not reported again, and nobody makes it anew.
  await same.put('notes', 'a', 'of both', { SyncCount: 1 });
  await same.sync('DeleteDataset', { DatasetName: merged });
  assert.deepEqual((await same.list('notes')).MergedDatasetNames, []);
  await refused(same.put(merged, 'a', '1'), 'ResourceNotFoundException');
});

test('an identity that is deleted takes its data along', async () => {
  const guest = await enter(IdentityPoolId);
  await guest.put('notes', 'a', '1');
  await root('identity', 'DeleteIdentities', { IdentityIdsToDelete: [guest.IdentityId] });
  await refused(guest.list('notes'), 'NotAuthorizedException');
  await refused(guest.sync('DescribeDataset', { DatasetName: 'notes' }), 'NotAuthorizedException');
  await refused(root('sync', 'DescribeDataset', { IdentityPoolId, IdentityId: guest.IdentityId, DatasetName: 'notes' }), 'ResourceNotFoundException');
  assert.equal((await root('sync', 'ListRecords', { IdentityPoolId, IdentityId: guest.IdentityId, DatasetName: 'notes' })).DatasetExists, false);
});

test('a deleted pool is gone at once', async () => {
  const doomed = await ownPool('doomed');
  const guest = await enter(doomed.IdentityPoolId);
  await guest.put('notes', 'a', '1');
  await root('identity', 'DeleteIdentityPool', { IdentityPoolId: doomed.IdentityPoolId });
  await refused(guest.list('notes'), 'NotAuthorizedException');
  await refused(root('sync', 'DescribeIdentityPoolUsage', { IdentityPoolId: doomed.IdentityPoolId }), 'ResourceNotFoundException');
});

test('what pools use', async () => {
  const mine = await ownPool('usage');
  const usage = async () => (await root('sync', 'DescribeIdentityPoolUsage', { IdentityPoolId: mine.IdentityPoolId })).IdentityPoolUsage;
  assert.deepEqual([(await usage()).SyncSessionsCount, (await usage()).DataStorage], [0, 0]);
  const guest = await enter(mine.IdentityPoolId);
  await guest.put('notes', 'key', 'value');
  await guest.put('more', 'ü', '');
  const used = await usage();
  assert.deepEqual([used.IdentityPoolId, used.SyncSessionsCount, used.DataStorage], [mine.IdentityPoolId, 2, 10]);
  assert.ok(Math.abs(used.LastModifiedDate - Date.now()) < 60_000);
  const { IdentityUsage } = await guest.sync('DescribeIdentityUsage');
  assert.deepEqual([IdentityUsage.IdentityId, IdentityUsage.IdentityPoolId, IdentityUsage.DatasetCount, IdentityUsage.DataStorage], [guest.IdentityId, mine.IdentityPoolId, 2, 10]);
  await guest.sync('DeleteDataset', { DatasetName: 'notes' });
  assert.equal((await usage()).DataStorage, 2);

  const all = [];
  for (let NextToken; ;) {
    const page = await root('sync', 'ListIdentityPoolUsage', { MaxResults: 2, NextToken });
    assert.equal(page.Count, page.IdentityPoolUsages.length);
    all.push(...page.IdentityPoolUsages);
    if (!(NextToken = page.NextToken)) break;
  }
  assert.ok(all.some((u) => u.IdentityPoolId === mine.IdentityPoolId && u.DataStorage === 2));
  assert.equal(new Set(all.map((u) => u.IdentityPoolId)).size, all.length);
  await refused(root('sync', 'ListIdentityPoolUsage', { NextToken: 'nonsense' }), 'InvalidParameterException');
  await refused(root('sync', 'ListIdentityPoolUsage', { MaxResults: 0 }), 'InvalidParameterException');
  await refused(root('sync', 'DescribeIdentityPoolUsage', { IdentityPoolId: 'us-east-1:00000000-0000-0000-0000-000000000000' }), 'ResourceNotFoundException');
});

test('the other devices are told, silently', async () => {
  const register = (who, Platform, Token) => who.sync('RegisterDevice', { Platform, Token });
  await refused(register(alice, 'GCM', 'token'), 'InvalidConfigurationException');
  const app = (platform) => `arn:aws:sns:us-east-1:000000000000:app/${platform}/app`;
  await root('sync', 'SetIdentityPoolConfiguration', { IdentityPoolId, PushSync: { ApplicationArns: [app('GCM'), app('APNS_SANDBOX')], RoleArn: 'arn:aws:iam::000000000000:role/push' } });
  await new Promise((next) => setTimeout(next, 2500)); // other nodes, and this one's memory of the settings
  await refused(register(alice, 'ADM', 'token'), 'InvalidConfigurationException');
  await refused(register(alice, 'GCM', ''), 'InvalidParameterException');
  const { DeviceId: phone } = await register(alice, 'GCM', 'phone-token');
  assert.equal((await register(alice, 'GCM', 'phone-token')).DeviceId, phone);
  const { DeviceId: tablet } = await register(alice, 'APNS_SANDBOX', 'tablet-token');

  const DatasetName = 'pushed';
  const subscribe = (DeviceId, more = {}) => alice.sync('SubscribeToDataset', { DatasetName, DeviceId, ...more });
  const unsubscribe = (DeviceId, more = {}) => alice.sync('UnsubscribeFromDataset', { DatasetName, DeviceId, ...more });
  await refused(subscribe(phone), 'ResourceNotFoundException'); // no dataset yet
  await alice.put(DatasetName, 'a', '1', { DeviceId: phone });
  await subscribe(phone);
  await subscribe(tablet);
  await refused(subscribe('nobody'), 'ResourceNotFoundException');
  await refused(unsubscribe('nobody'), 'ResourceNotFoundException');
  await refused(subscribe(phone, { DatasetName: 'a b' }), 'InvalidParameterException');
  const bob = await enter(IdentityPoolId, await pool.bob());
  await refused(bob.sync('SubscribeToDataset', { DatasetName, DeviceId: phone }), 'ResourceNotFoundException');

  await alice.put(DatasetName, 'b', '1', { DeviceId: phone });
  const [push, ...more] = await pushed(DatasetName, '2');
  assert.deepEqual(more, []);
  assert.equal(push.TargetArn, 'arn:aws:sns:us-east-1:000000000000:endpoint/tablet-token');
  const { APNS_SANDBOX } = JSON.parse(push.Message);
  assert.deepEqual(JSON.parse(APNS_SANDBOX), { aps: { 'content-available': 1 }, data: {
    source: 'cognito-sync', identityPoolId: IdentityPoolId, identityId: alice.IdentityId, datasetName: DatasetName, syncCount: '2',
  } });

  await unsubscribe(tablet);
  await refused(unsubscribe(tablet), 'ResourceNotFoundException');
  await alice.put(DatasetName, 'c', '1', { DeviceId: tablet });
  const told = await pushed(DatasetName, '3');
  assert.deepEqual(told.map((p) => p.TargetArn), ['arn:aws:sns:us-east-1:000000000000:endpoint/phone-token']);
});

test('each operation is for one kind of credentials', async () => {
  const who = { IdentityPoolId, IdentityId: alice.IdentityId };
  const developer = {
    BulkPublish: {}, DescribeIdentityPoolUsage: {}, GetBulkPublishDetails: {}, GetCognitoEvents: {}, GetIdentityPoolConfiguration: {},
    ListIdentityPoolUsage: {}, SetCognitoEvents: { Events: {} }, SetIdentityPoolConfiguration: {},
  };
  const identity = {
    RegisterDevice: { Platform: 'GCM', Token: 'token' },
    SubscribeToDataset: { DatasetName: 'notes', DeviceId: 'd' }, UnsubscribeFromDataset: { DatasetName: 'notes', DeviceId: 'd' },
  };
  for (const [operation, input] of Object.entries(developer)) {
    const error = await refused(alice.sync(operation, input), 'NotAuthorizedException');
    assert.equal(error.$metadata.httpStatusCode, 403, operation);
  }
  for (const [operation, input] of Object.entries(identity)) {
    const error = await refused(root('sync', operation, { ...who, ...input }), 'NotAuthorizedException');
    assert.equal(error.$metadata.httpStatusCode, 403, operation);
  }
  const bob = await enter(IdentityPoolId, await pool.bob());
  for (const [operation, input] of Object.entries(identity)) {
    await refused(bob.sync(operation, { IdentityId: alice.IdentityId, ...input }), 'NotAuthorizedException');
    await refused(alice.sync(operation, { IdentityPoolId: 'us-east-1:00000000-0000-0000-0000-000000000000', ...input }), 'NotAuthorizedException');
  }
});
