// The settings of an identity pool, and what hangs on them, through
// @aws-sdk/client-cognito-sync: events, streams, bulk publishing.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { env, identify, refused, root } from '../awsjs/clients.js';

const IdentityPoolId = env.POOLHOUSE_IDENTITY_POOL_ID;
const nowhere = `${env.AWS_REGION}:00000000-0000-4000-8000-000000000000`;
const check = 'arn:aws:lambda:us-east-1:000000000000:function:check';
let alice;

before(async () => {
  alice = await identify();
  await program('reset');
});

const program = (path) => fetch(`${env.PROGRAM_URL}/${path}`);
const seen = async () => (await program('seen')).json();
const settings = (operation, input = {}, call = root) => call('sync', operation, { IdentityPoolId, ...input });
const put = (Key, Value, SyncCount) => ({ Op: 'replace', Key, Value, SyncCount });

async function update(DatasetName, RecordPatches, call = alice.call, session) {
  const where = { IdentityPoolId, IdentityId: alice.IdentityId, DatasetName };
  const SyncSessionToken = session ?? (await call('sync', 'ListRecords', where)).SyncSessionToken;
  return { SyncSessionToken, ...await call('sync', 'UpdateRecords', { ...where, DeviceId: 'phone', RecordPatches, SyncSessionToken }) };
}

const brief = (records) => records.map((r) => `${r.Key}=${r.Value}@${r.SyncCount}`).join(' ');

// until asks again until there is an answer, for at most a minute.
async function until(what, ask) {
  for (let i = 0; i < 600; i++) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(100);
  }
  assert.fail(`never: ${what}`);
}

test('settings are for developers, and of pools that there are', async () => {
  const calls = {
    GetCognitoEvents: {}, SetCognitoEvents: { Events: {} }, GetIdentityPoolConfiguration: {}, SetIdentityPoolConfiguration: {},
    BulkPublish: {}, GetBulkPublishDetails: {},
  };
  for (const [operation, input] of Object.entries(calls)) {
    const error = await refused(settings(operation, input, alice.call), 'NotAuthorizedException');
    assert.equal(error.$metadata.httpStatusCode, 403);
    const missing = await refused(settings(operation, { ...input, IdentityPoolId: nowhere }), 'ResourceNotFoundException');
    assert.equal(missing.$metadata.httpStatusCode, 404);
    await refused(settings(operation, { ...input, IdentityPoolId: 'no pool' }), 'InvalidParameterException');
  }
});

test('events', async () => {
  assert.deepEqual((await settings('GetCognitoEvents')).Events, {});
  await settings('SetCognitoEvents', { Events: { SyncTrigger: check } });
  assert.deepEqual((await settings('GetCognitoEvents')).Events, { SyncTrigger: check });
  await refused(settings('SetCognitoEvents', { Events: { Other: check } }), 'InvalidParameterException');
  await refused(settings('SetCognitoEvents', { Events: { SyncTrigger: 'check' } }), 'InvalidParameterException');
});

test('a function changes what is stored', async () => {
  const { calls } = await seen();
  const first = await update('checked', [put('loud', 'hello', 0), put('left out', 'x', 0)]);
  assert.equal(brief(first.Records), 'loud=HELLO@1 total=1@1');
  const again = await update('checked', [put('loud', 'hello', 0), put('left out', 'x', 0)], alice.call, first.SyncSessionToken);
  assert.equal(brief(again.Records), brief(first.Records));
  assert.equal((await seen()).calls, calls + 1, 'a request that is sent again does not run the function');
  const second = await update('checked', [put('more', 'm', 0)]);
  assert.equal(brief(second.Records), 'more=m@2 total=2@2');
  const own = await update('checked', [put('loud', 'quiet', 1)], root);
  assert.equal(brief(own.Records), 'loud=quiet@3');
  assert.equal((await seen()).calls, calls + 2, 'what the backend stores runs no function');
});

test('a function that fails', async () => {
  for (const [name, code, text] of [
    ['thrown', 'InvalidLambdaFunctionOutputException', /score is too high/],
    ['nonsense', 'InvalidLambdaFunctionOutputException', /not an event/],
    ['foreign', 'InvalidLambdaFunctionOutputException', /identityId is read only/],
    ['slow', 'InvalidLambdaFunctionOutputException', /timeout/],
    ['throttled', 'LambdaThrottledException', /throttled/],
  ]) {
    const error = await refused(update(name, [put('a', '1', 0)]), code);
    assert.match(error.message, text);
    assert.equal(error.$metadata.httpStatusCode, code === 'LambdaThrottledException' ? 429 : 400);
    const listed = await alice.call('sync', 'ListRecords', { IdentityPoolId, IdentityId: alice.IdentityId, DatasetName: name });
    assert.equal(listed.DatasetExists, false);
  }
  await settings('SetCognitoEvents', { Events: { SyncTrigger: '' } });
  assert.deepEqual((await settings('GetCognitoEvents')).Events, {});
  assert.equal(brief((await update('thrown', [put('a', '1', 0)])).Records), 'a=1@1');
});

test('streams', async () => {
  const stream = { StreamName: 'changes', RoleArn: 'arn:aws:iam::000000000000:role/stream', StreamingStatus: 'ENABLED' };
  const before = await settings('GetIdentityPoolConfiguration');
  assert.deepEqual([before.IdentityPoolId, before.CognitoStreams, before.PushSync], [IdentityPoolId, undefined, undefined]);
  await refused(settings('SetIdentityPoolConfiguration', { CognitoStreams: { ...stream, StreamName: 'unknown' } }), 'InvalidParameterException');
  await refused(settings('SetIdentityPoolConfiguration', { CognitoStreams: { ...stream, StreamingStatus: 'ON' } }), 'InvalidParameterException');
  assert.deepEqual((await settings('SetIdentityPoolConfiguration', { CognitoStreams: stream })).CognitoStreams, stream);
  assert.deepEqual((await settings('GetIdentityPoolConfiguration')).CognitoStreams, stream);

  await update('streamed', [put('a', '1', 0)]);
  await alice.call('sync', 'DeleteDataset', { IdentityPoolId, IdentityId: alice.IdentityId, DatasetName: 'streamed' });
  const records = await until('two records', async () => {
    const { streamed } = await seen();
    const own = (streamed ?? []).filter((r) => r.dataSetName === 'streamed');
    return own.length === 2 && own.sort((a, b) => a.syncCount - b.syncCount);
  });
  const { lastModifiedDate } = records[0];
  assert.ok(Math.abs(lastModifiedDate - Date.now()) < 60_000);
  assert.deepEqual(records[0], {
    identityPoolId: IdentityPoolId, identityId: alice.IdentityId, dataSetName: 'streamed', operation: 'replace',
    kinesisSyncRecords: [{ key: 'a', value: '1', syncCount: 1, lastModifiedDate, op: 'replace' }],
    lastModifiedDate, kinesisSyncRecordsURL: null, payloadType: 'Inline', syncCount: 1,
  });
  assert.deepEqual([records[1].operation, records[1].kinesisSyncRecords, records[1].syncCount], ['remove', [], 2]);
});

test('bulk publishing', async () => {
  assert.equal((await settings('GetBulkPublishDetails')).BulkPublishStatus, 'NOT_STARTED');
  const { CognitoStreams: stream } = await settings('GetIdentityPoolConfiguration');
  await settings('SetIdentityPoolConfiguration', { CognitoStreams: { ...stream, StreamingStatus: 'DISABLED' } });
  await refused(settings('BulkPublish'), 'InvalidParameterException');
  await settings('SetIdentityPoolConfiguration', { CognitoStreams: stream });
  await program('reset');
  await program('hold');
  assert.equal((await settings('BulkPublish')).IdentityPoolId, IdentityPoolId);
  const runs = await settings('GetBulkPublishDetails');
  assert.equal(runs.BulkPublishStatus, 'IN_PROGRESS');
  assert.ok(Math.abs(runs.BulkPublishStartTime - Date.now()) < 60_000);
  await refused(settings('BulkPublish'), 'DuplicateRequestException');
  await program('release');
  const done = await until('an end', async () => {
    const d = await settings('GetBulkPublishDetails');
    return d.BulkPublishStatus !== 'IN_PROGRESS' && d;
  });
  assert.deepEqual([done.BulkPublishStatus, done.FailureMessage], ['SUCCEEDED', undefined]);
  assert.ok(done.BulkPublishCompleteTime >= done.BulkPublishStartTime);
  const { streamed } = await seen();
  assert.deepEqual([...new Set(streamed.map((r) => r.dataSetName))].sort(), ['checked', 'thrown']);
  await refused(settings('BulkPublish'), 'AlreadyStreamedException');
});
