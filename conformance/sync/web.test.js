// The web client against the server: devices of one user, each with a store of its own.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Encryption, MemoryStore, SyncClient } from '../../static/sync/index.js';
import { app, env, root } from '../awsjs/clients.js';

const endpoint = env.POOLHOUSE_URL, identityPoolId = env.POOLHOUSE_IDENTITY_POOL_ID;

let token;
async function idToken() {
  token ??= fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
    body: JSON.stringify({ AuthFlow: 'USER_PASSWORD_AUTH', ClientId: env.POOLHOUSE_CLIENT_ID, AuthParameters: { USERNAME: env.POOLHOUSE_USERNAME, PASSWORD: env.POOLHOUSE_PASSWORD } }) })
    .then((r) => r.json()).then((out) => out.AuthenticationResult.IdToken);
  return token;
}

const open = (options) => SyncClient.open({ endpoint, region: env.AWS_REGION, identityPoolId, idToken, store: new MemoryStore(), ...options });
const values = async (dataset) => Object.fromEntries((await dataset.list()).map((r) => [r.key, r.value]));
const raw = async (client, DatasetName) => (await root('sync', 'ListRecords', { IdentityPoolId: identityPoolId, IdentityId: client.identityId, DatasetName })).Records;

before(async () => { // an identity may have twenty datasets, and other tests made some
  const client = await open();
  for (const { name } of await client.datasets()) await client.dataset(name).delete();
  await client.synchronize();
});

// two returns a dataset on two devices.
async function two(name, { phone = {}, laptop = {}, ...both } = {}) {
  const [a, b] = await Promise.all([open(both), open(both)]);
  return [a.dataset(name, phone), b.dataset(name, laptop)];
}

async function exchange(...datasets) {
  for (const dataset of datasets) await dataset.synchronize();
}

test('what one device writes the other reads', async () => {
  const [phone, laptop] = await two('web');
  await phone.put('colour', 'blue');
  await phone.put('empty', '');
  assert.equal(await phone.get('colour'), 'blue');
  assert.equal(await phone.pending(), 2);
  assert.equal((await phone.synchronize()).sent, 2);
  assert.equal(await phone.pending(), 0);
  await laptop.synchronize();
  assert.deepEqual(await values(laptop), { colour: 'blue', empty: '' });
  await laptop.remove('colour');
  await exchange(laptop, phone);
  assert.deepEqual(await values(phone), { empty: '' });
  assert.equal(await phone.get('colour'), undefined);
  await phone.put('colour', 'green'); // over the tombstone
  await exchange(phone, laptop);
  assert.equal(await laptop.get('colour'), 'green');
  assert.equal((await phone.client.datasets()).find((d) => d.name === 'web').records, 2);
});

test('of two changes the later one wins on both devices', async () => {
  const [phone, laptop] = await two('later');
  await phone.write('a', 'early', 1_000_000);
  await phone.write('b', 'late', 3_000_000);
  await laptop.write('a', 'late', 2_000_000);
  await laptop.write('b', 'early', 2_000_000);
  await phone.synchronize();
  assert.deepEqual(await laptop.synchronize(), { received: 2, sent: 1, conflicts: 2 });
  await phone.synchronize();
  for (const d of [phone, laptop]) assert.deepEqual(await values(d), { a: 'late', b: 'late' });
});

test('a callback settles conflicts', async () => {
  const seen = [];
  const answers = { mine: 'local', theirs: 'remote', both: { value: 'of both' }, none: { value: null }, gone: 'remote' };
  const [phone, laptop] = await two('settle', { laptop: { onConflict: (c) => { seen.push(c); return answers[c.key]; } } });
  for (const key of Object.keys(answers)) await phone.put(key, 'phone');
  await exchange(phone, laptop);
  for (const d of [phone, laptop]) for (const key of Object.keys(answers)) await d.put(key, `${d === phone ? 'phone' : 'laptop'} again`);
  await phone.remove('gone');
  await exchange(phone, laptop, phone);
  for (const d of [phone, laptop]) assert.deepEqual(await values(d), { mine: 'laptop again', theirs: 'phone again', both: 'of both' });
  const gone = seen.find((c) => c.key === 'gone');
  assert.deepEqual([gone.local.value, gone.remote.value, gone.remote.by], ['laptop again', null, phone.client.deviceId]);
  assert.equal(seen.length, 5);
});

test('a change while a conflict is settled is not lost', async () => {
  const [phone, laptop] = await two('meanwhile', { laptop: { onConflict: async ({ local }) => {
    if (local.value === 'first') await laptop.put('a', 'second');
    return 'local';
  } } });
  await laptop.put('a', 'first');
  await phone.put('a', 'phone');
  await exchange(phone, laptop, phone);
  for (const d of [phone, laptop]) assert.equal(await d.get('a'), 'second');
});

test('a change while another one is sent is not lost', async () => {
  let typing = async () => {};
  const [phone, laptop] = await two('typing', { fetch: async (url, init) => {
    const response = await fetch(url, init);
    if (init.method === 'POST' && String(url).includes('/datasets/')) await typing();
    return response;
  } });
  typing = async () => { typing = async () => {}; await phone.put('a', 'second'); };
  await phone.put('a', 'first');
  await phone.synchronize();
  assert.equal(await phone.pending(), 0);
  await laptop.synchronize();
  assert.equal(await laptop.get('a'), 'second');
});

test('an answer that is lost is asked for again', async () => {
  let lose = 0, sent = 0;
  const [phone] = await two('lost', { fetch: async (url, init) => {
    const response = await fetch(url, init);
    if (init.method !== 'POST' || !String(url).includes('/datasets/')) return response;
    sent += 1;
    if (lose-- > 0) throw new TypeError('connection reset');
    return response;
  } });
  lose = 1;
  await phone.put('a', '1');
  assert.equal((await phone.synchronize()).conflicts, 0);
  assert.equal(sent, 2);
  lose = 3; // as often as it tries
  await phone.put('a', '2');
  await assert.rejects(phone.synchronize(), { name: 'NetworkError' });
  assert.equal(await phone.pending(), 1);
  assert.deepEqual(await phone.synchronize(), { received: 1, sent: 0, conflicts: 0 });
  assert.equal(await phone.pending(), 0);
});

test('ten devices write at once and agree', async () => {
  const devices = await Promise.all(Array.from({ length: 10 }, async (_, i) => {
    const d = (await open()).dataset('crowd');
    await d.put(`of ${i}`, `${i}`);
    await d.put('shared', `${i}`);
    return d;
  }));
  await Promise.all(devices.map(async (d) => {
    while (await d.pending() > 0) await d.synchronize().catch((e) => assert.equal(e.name, 'ResourceConflictException'));
  }));
  await exchange(...devices);
  const all = await Promise.all(devices.map(values));
  assert.equal(Object.keys(all[0]).length, 11);
  for (const v of all) assert.deepEqual(v, all[0]);
});

test('offline: all is kept, and sent later', async () => {
  let offline = false;
  const options = { store: new MemoryStore(), fetch: (...args) => (offline ? Promise.reject(new TypeError('offline')) : fetch(...args)) };
  const online = await open(options);
  await online.dataset('train').put('a', '1');
  offline = true;
  await assert.rejects(online.dataset('train').synchronize(), { name: 'NetworkError', temporary: true });
  const again = await open(options); // the app starts again, in the train
  assert.equal(again.identityId, online.identityId);
  const dataset = again.dataset('train');
  await dataset.put('b', '2');
  assert.equal(await dataset.pending(), 2);
  offline = false;
  await dataset.synchronize();
  assert.deepEqual((await raw(again, 'train')).map((r) => r.Key).sort(), ['a', 'b']);
});

test('a deletion reaches the other device; what that changed meanwhile stays', async () => {
  const [phone, laptop] = await two('deletion');
  await phone.put('a', '1');
  await exchange(phone, laptop);
  await laptop.put('b', '2');
  await phone.delete();
  assert.deepEqual(await values(phone), {});
  await exchange(phone, laptop, phone);
  for (const d of [phone, laptop]) assert.deepEqual(await values(d), { b: '2' });
});

test('a device may keep what was deleted, or refuse', async () => {
  let answer = false;
  const [phone, laptop] = await two('keeping', { laptop: { onDeleted: () => answer } });
  await phone.put('a', '1');
  await exchange(phone, laptop);
  await phone.delete();
  await phone.synchronize();
  await assert.rejects(laptop.synchronize(), { name: 'DatasetDeleted' });
  assert.deepEqual(await values(laptop), { a: '1' });
  answer = 'keep';
  await exchange(laptop, phone);
  assert.deepEqual(await values(phone), { a: '1' });
});

test('the server sees nothing but sealed values', async () => {
  const both = { encryption: await Encryption.fromPassphrase('correct horse battery staple', { hideKeys: true }) };
  const [phone, laptop] = await two('sealed', both);
  await phone.put('diary', 'dear diary');
  await exchange(phone, laptop);
  assert.deepEqual(await values(laptop), { diary: 'dear diary' });
  await laptop.write('diary', 'of the laptop', 1);
  await phone.write('diary', 'of the phone', 2);
  await exchange(phone, laptop, phone);
  for (const d of [phone, laptop]) assert.equal(await d.get('diary'), 'of the phone');
  const stored = JSON.stringify(await raw(phone.client, 'sealed'));
  for (const word of ['diary', 'phone"', 'dear']) assert.ok(!stored.includes(word), stored);

  // The server swaps the values of two records: neither opens, and nothing is overwritten.
  await phone.put('b', 'other');
  await phone.synchronize();
  const records = await raw(phone.client, 'sealed');
  const at = { IdentityPoolId: identityPoolId, IdentityId: phone.client.identityId, DatasetName: 'sealed' };
  const { SyncSessionToken } = await root('sync', 'ListRecords', at);
  await root('sync', 'UpdateRecords', { ...at, SyncSessionToken, RecordPatches: records.map((r, i) => ({ Op: 'replace', Key: r.Key, Value: records[1 - i].Value, SyncCount: r.SyncCount })) });
  await laptop.synchronize();
  assert.deepEqual((await laptop.list()).map((r) => r.error?.name), ['EncryptionError', 'EncryptionError']);
});

// A guest's data are sealed for the guest's identity; they come in with the guest.
test('who was a guest brings the data along', async () => {
  const pool = await root('identity', 'DescribeIdentityPool', { IdentityPoolId: identityPoolId });
  await root('identity', 'UpdateIdentityPool', { ...pool, AllowUnauthenticatedIdentities: true });
  const { IdentityId } = await app('identity', 'GetId', { IdentityPoolId: identityPoolId });
  const encryption = await Encryption.fromPassphrase('correct horse battery staple');
  const old = encryption.codec({ pool: identityPoolId, identity: IdentityId, dataset: 'guest' });
  const at = { IdentityPoolId: identityPoolId, IdentityId, DatasetName: 'guest' };
  const { SyncSessionToken } = await root('sync', 'ListRecords', at);
  const RecordPatches = await Promise.all([['mine', 'of the guest'], ['theirs', 'of the guest']].map(async ([Key, text], i) => (
    { Op: 'replace', Key, Value: await old.seal(Key, text), SyncCount: 0, DeviceLastModifiedDate: new Date(2_000_000 + i) })));
  await root('sync', 'UpdateRecords', { ...at, SyncSessionToken, RecordPatches });

  const phone = (await open({ encryption })).dataset('guest');
  await phone.write('mine', 'of the user', 3_000_000);
  await phone.write('theirs', 'of the user', 1_000_000);
  await phone.synchronize();
  const known = await open({ identityId: IdentityId, encryption }); // the guest signs in, as somebody who was here before
  assert.equal(known.identityId, phone.client.identityId);
  const laptop = known.dataset('guest');
  await exchange(laptop, phone);
  for (const d of [phone, laptop]) assert.deepEqual(await values(d), { mine: 'of the user', theirs: 'of the guest' });
  assert.deepEqual((await known.datasets()).map((d) => d.name).filter((n) => n.startsWith('guest')), ['guest']);
  await root('identity', 'UpdateIdentityPool', pool);
});

test('what cannot be stored is refused at once', async () => {
  const [phone] = await two('limits');
  await assert.rejects(phone.put('', '1'), { name: 'InvalidParameterException' });
  await assert.rejects(phone.put('a'.repeat(1025), '1'), { name: 'InvalidParameterException' });
  await assert.rejects(phone.put('a', 'v'.repeat(1_048_576)), { name: 'InvalidParameterException' });
  assert.throws(() => phone.put('a', 1), TypeError);
  for (const name of ['..', 'a/b', '']) await assert.rejects(phone.client.dataset(name).synchronize(), { name: 'InvalidParameterException' });
  assert.equal(await phone.pending(), 0);
});

test('signing out forgets', async () => {
  const store = new MemoryStore();
  const client = await open({ store });
  await client.dataset('web').synchronize();
  assert.notDeepEqual(await values(client.dataset('web')), {});
  await client.forget();
  assert.deepEqual(await store.datasets(''), []);
});

// live returns a client that is connected, and what happened to its stream.
async function live(t, options) {
  const client = await open(options);
  t.after(() => client.disconnect());
  const online = () => new Promise((resolve) => { client.addEventListener('status', ({ detail }) => detail.status === 'online' && resolve()); });
  return { client, online };
}

const until = (dataset, key, value) => new Promise((resolve) => {
  const look = async () => { if (await dataset.get(key) === value) resolve(); };
  dataset.addEventListener('change', look);
  look();
});

test('changes come by themselves, also those of a time without a connection', { timeout: 60_000 }, async (t) => {
  const ids = [], addresses = [];
  let cut = () => {}, down = false;
  const wire = async (url, init) => {
    addresses.push(String(url));
    if (down) throw new TypeError('no network');
    if (!String(url).includes('/live')) return fetch(url, init);
    ids.push(init.headers['last-event-id']);
    const own = new AbortController();
    cut = () => own.abort(new TypeError('the network went away'));
    init.signal.addEventListener('abort', () => own.abort(init.signal.reason));
    return fetch(url, { ...init, signal: own.signal });
  };
  const [phone, laptop] = [await live(t), await live(t, { fetch: wire })];
  const [a, b] = [phone, laptop].map(({ client }) => client.dataset('stream'));
  for (const d of [phone, laptop]) {
    const up = d.online();
    d.client.connect();
    await up;
  }
  await a.put('x', '1');
  await until(b, 'x', '1');
  down = true;
  cut();
  await b.put('y', 'written offline');
  await a.put('x', '2');
  const again = laptop.online();
  await assert.rejects(b.synchronize(), { name: 'NetworkError' });
  down = false;
  await again;
  await Promise.all([until(b, 'x', '2'), until(a, 'y', 'written offline')]);
  assert.equal(ids[0], undefined);
  assert.ok(ids.at(-1), 'the stream was not resumed');
  for (const address of addresses) assert.doesNotMatch(address, /X-Amz|Signature|Token=/i);
});
