// The parts of the web client that need no server.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Encryption, MemoryStore, laterWins } from '../../static/sync/index.js';
import { Dataset } from '../../static/sync/dataset.js';
import { plain } from '../../static/sync/encryption.js';
import { EventParser } from '../../static/sync/live.js';
import { sign } from '../../static/sync/sigv4.js';
import { Connection } from '../../static/sync/http.js';

const sha = (text) => createHash('sha256').update(text).digest('hex');
const mac = (key, text) => createHmac('sha256', key).update(text).digest();

// The example of AWS's documentation of signature version 4.
test('a signature', async () => {
  const headers = await sign(
    { method: 'GET', url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'), headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } },
    { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    { service: 'iam', region: 'us-east-1', now: new Date('2015-08-30T12:36:00Z') });
  assert.match(headers.authorization, /Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7$/);
});

test('a path is escaped twice, a query sorted', async () => {
  const headers = await sign({ method: 'GET', url: new URL("https://h/a%3Ab/c?b=2&a=x%20y&a='&a-b=1") },
    { accessKeyId: 'K', secretAccessKey: 'S', sessionToken: 'T' }, { service: 'cognito-sync', region: 'r', now: new Date(0) });
  const canonical = ['GET', '/a%253Ab/c', 'a=%27&a=x%20y&a-b=1&b=2', 'host:h', 'x-amz-date:19700101T000000Z', 'x-amz-security-token:T', '',
    'host;x-amz-date;x-amz-security-token', sha('')].join('\n');
  const scope = '19700101/r/cognito-sync/aws4_request';
  const want = mac(scope.split('/').reduce(mac, 'AWS4S'), ['AWS4-HMAC-SHA256', '19700101T000000Z', scope, sha(canonical)].join('\n')).toString('hex');
  assert.ok(headers.authorization.endsWith(want));
});

test('events come in pieces', () => {
  const text = 'retry: 1500\n\n: hello\n\nevent: change\r\nid: 7\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata: plain\n\nid: 8\nevent: lone\n\nevent: bye\ndata:\n\nid: 9\n\n';
  const parser = new EventParser(), whole = parser.push(text);
  assert.deepEqual([parser.id, parser.retry], ['9', 1500]);
  assert.deepEqual(whole, [{ type: 'change', data: '{"a":\n1}', id: '7' }, { type: 'message', data: 'plain', id: '7' }, { type: 'bye', data: '', id: '8' }]);
  const slow = new EventParser();
  assert.deepEqual([...text].flatMap((c) => slow.push(c)), whole);
  assert.throws(() => { const p = new EventParser(); for (let i = 0; i < 40; i += 1) p.push('x'.repeat(1 << 15)); }, /too long/);
});

const owner = { pool: 'us-east-1:p', identity: 'us-east-1:i', dataset: 'notes' };

test('a value opens at its own place only', async () => {
  const encryption = await Encryption.fromPassphrase('correct horse battery staple');
  const codec = encryption.codec(owner);
  const value = await codec.seal('a', 'ünï');
  assert.match(value, /^e1\.[\w-]+$/);
  assert.notEqual(value, await codec.seal('a', 'ünï'));
  assert.deepEqual(await codec.open({ key: 'a', value }), { key: 'a', value: 'ünï' });
  const wrong = [['another record', codec, 'b', value], ['altered', codec, 'a', `${value.slice(0, -6)}AAAAAA`], ['cut short', codec, 'a', 'e1.AAAA'],
    ['not sealed', codec, 'a', 'ünï'], ['not base64', codec, 'a', 'e1.ü'], ['passphrase', (await Encryption.fromPassphrase('wrong')).codec(owner), 'a', value],
    ...['pool', 'identity', 'dataset'].map((part) => [part, encryption.codec({ ...owner, [part]: 'other' }), 'a', value])];
  for (const [what, other, at, stored] of wrong) await assert.rejects(other.open({ key: at, value: stored }), { name: 'EncryptionError' }, what);
});

test('hidden keys are the same on each device, and another in each dataset', async () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const [phone, laptop] = await Promise.all([Encryption.fromKey(key, { hideKeys: true }), Encryption.fromKey(key, { hideKeys: true })]);
  const hidden = await phone.codec(owner).key('secret name');
  assert.match(hidden, /^k1\.[\w-]{43}$/);
  assert.equal(await laptop.codec(owner).key('secret name'), hidden);
  assert.notEqual(await phone.codec({ ...owner, dataset: 'other' }).key('secret name'), hidden);
  const value = await phone.codec(owner).seal('secret name', 'v');
  assert.deepEqual(await laptop.codec(owner).open({ key: hidden, value }), { key: 'secret name', value: 'v' });
  await assert.rejects(Encryption.fromKey(new Uint8Array(16)), TypeError);
});

test('the later change wins; the other side where both are as late', () => {
  const at = (local, remote) => laterWins({ local: { modified: local }, remote: { modified: remote } });
  assert.deepEqual([at(2, 1), at(1, 2), at(1, 1)], ['local', 'remote', 'remote']);
});

test('the server\'s clock is taken where ours is wrong', async () => {
  const dates = [], wrong = Date.parse('2001-01-01T00:00:00Z'), right = Date.parse('2026-01-01T00:00:00Z');
  const fetch = async (_, { headers }) => {
    dates.push(headers['x-amz-date']);
    return new Response('{}', { status: dates.length === 1 ? 403 : 200, headers: { date: new Date(right).toUTCString() } });
  };
  const connection = new Connection({ endpoint: 'https://h', region: 'r', fetch, now: () => wrong });
  const response = await connection.send({ method: 'GET', path: '/', service: 's' }, async () => ({ accessKeyId: 'K', secretAccessKey: 'S' }));
  assert.equal(response.status, 200);
  assert.deepEqual(dates, ['20010101T000000Z', '20260101T000000Z']);
});

test('a store hands out copies', async () => {
  const store = new MemoryStore();
  await store.update('d', null, () => ({ put: [{ key: 'a', value: '1' }], state: { syncCount: 1 } }));
  await store.update('d', ['a'], (state, records) => { state.syncCount = 9; records.get('a').value = '9'; });
  await store.update('d', null, (state, records) => assert.deepEqual([state.syncCount, records.get('a').value], [1, '1']));
  assert.deepEqual(await store.datasets('d'), ['d']);
  await store.update('d', null, () => ({ clear: true }));
  assert.deepEqual(await store.datasets('d'), []);
});

test('a record that a trigger leaves out is sent once, and gone', async () => {
  for (const others of [[], ['b']]) {
    let updates = 0;
    const api = {
      list: async () => ({ records: [], count: 0, exists: false, merged: [], session: 's', deleted: false }),
      update: async (_, session, changed) => {
        if ((updates += 1) > 1) throw new Error('it is sent again and again');
        return changed.filter((r) => r.key !== 'a').map((r) => ({ key: r.key, value: r.value, syncCount: 1, modified: r.modified }));
      },
    };
    const client = { api, store: new MemoryStore(), place: (name) => name, connection: { time: () => new Date(0) } };
    const notes = new Dataset(client, 'notes', plain);
    for (const key of ['a', ...others]) await notes.put(key, 'x');
    await notes.synchronize();
    assert.deepEqual([updates, await notes.get('a'), await notes.pending(), (await notes.list()).map((r) => r.key)], [1, undefined, 0, others]);
  }
});
