// A merge as amazon-cognito-js sees it on aws-sdk v2: a guest signs in, and has
// another identity from then on.
//
// A fault of the library that this steps round: callback(true) of onDatasetsMerged
// calls a function that does not exist (as amazon-cognito-js#34), so the merge is
// handled and the dataset synchronised again.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import AWS from 'aws-sdk';
import 'amazon-cognito-js';
import { enter, ownPool } from './own.js';

const env = process.env;
const region = env.AWS_REGION;
const endpoint = env.POOLHOUSE_URL;
let pool;

const call = (object, method, ...args) => new Promise((resolve, reject) => {
  object[method](...args, (err, value) => (err ? reject(err) : resolve(value)));
});

before(async () => {
  pool = await ownPool('merged');
  AWS.config.update({ region, maxRetries: 0, cognitoidentity: { endpoint }, cognitosync: { endpoint }, sts: { endpoint } });
});

// sync synchronises and resolves with what onDatasetsMerged named, if it was called.
const sync = (dataset) => new Promise((resolve, reject) => {
  dataset.synchronize({
    onSuccess: () => resolve([]),
    onFailure: reject,
    onConflict: (set, list) => reject(new Error(`a conflict over ${list.map((c) => c.getKey())}`)),
    onDatasetsMerged: (set, names) => resolve(names),
  });
});

test('onDatasetsMerged names the dataset of the guest, until it is deleted', async () => {
  const alice = await enter(pool.IdentityPoolId, await pool.alice());
  await alice.put('game', 'level', '7');

  const credentials = new AWS.CognitoIdentityCredentials({ IdentityPoolId: pool.IdentityPoolId });
  AWS.config.credentials = credentials;
  await credentials.getPromise();
  const guest = credentials.identityId;
  const manager = new AWS.CognitoSyncManager({ DataStore: AWS.CognitoSyncManager.StoreInMemory });
  const before = await call(manager, 'openOrCreateDataset', 'game');
  await call(before, 'put', 'score', '12');
  assert.deepEqual(await sync(before), []);

  credentials.params.Logins = await pool.alice();
  credentials.expired = true;
  await credentials.refreshPromise();
  assert.equal(credentials.identityId, alice.IdentityId);
  assert.notEqual(guest, alice.IdentityId);

  const game = await call(manager, 'openOrCreateDataset', 'game');
  const names = await sync(game);
  assert.deepEqual(names, [`game.${guest}`]);
  const other = new AWS.CognitoSyncManager({ DataStore: AWS.CognitoSyncManager.StoreInMemory }); // apart: beside game it would count as merged locally
  const old = await call(other, 'openOrCreateDataset', names[0]);
  assert.deepEqual(await sync(old), []);
  const { score } = await call(old, 'getAll');
  await call(game, 'put', 'score', score);
  await call(other.local, 'deleteDataset', alice.IdentityId, names[0]);
  await sync(old); // sends the deletion

  assert.deepEqual(await sync(game), []);
  const fresh = await call(new AWS.CognitoSyncManager({ DataStore: AWS.CognitoSyncManager.StoreInMemory }), 'openOrCreateDataset', 'game');
  assert.deepEqual(await sync(fresh), []);
  assert.deepEqual(await call(fresh, 'getAll'), { level: '7', score: '12' });
});
