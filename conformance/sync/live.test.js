// Live changes as apps in a browser follow them: EventSource and WebSocket of
// Chromium, with addresses presigned by the signer of the AWS SDK for JavaScript v3.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { chromium } from 'playwright-core';
import { env, identify } from '../awsjs/clients.js';

const IdentityPoolId = env.POOLHOUSE_IDENTITY_POOL_ID;
let alice, browser, page;

before(async () => {
  alice = await identify();
  browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await browser.newPage();
});
after(() => browser.close());

class Sha256 {
  constructor(secret) { this.hash = secret ? createHmac('sha256', secret) : createHash('sha256'); }

  update(data) { this.hash.update(data); }

  async digest() { return new Uint8Array(this.hash.digest()); }
}

// address presigns the address of alice's changes at a server, or at what stands in
// front of it.
async function address(server, query = {}) {
  const { protocol, hostname, port, host } = new URL(server);
  const signer = new SignatureV4({ service: 'cognito-sync', region: env.AWS_REGION, credentials: alice.credentials, sha256: Sha256 });
  const path = `/identitypools/${encodeURIComponent(IdentityPoolId)}/identities/${encodeURIComponent(alice.IdentityId)}/live`;
  const signed = await signer.presign({ method: 'GET', protocol, hostname, port: Number(port), path, query, headers: { host } }, { expiresIn: 600 });
  return `${server}${path}?${Object.entries(signed.query).flatMap(([k, v]) => [v].flat().map((one) => `${k}=${encodeURIComponent(one)}`)).join('&')}`;
}

// write changes a dataset of alice and returns its new count.
async function write(DatasetName, DeviceId) {
  const where = { IdentityPoolId, IdentityId: alice.IdentityId, DatasetName };
  const { Records: [last], SyncSessionToken } = await alice.call('sync', 'ListRecords', where);
  const { Records } = await alice.call('sync', 'UpdateRecords', {
    ...where, DeviceId, SyncSessionToken, RecordPatches: [{ Op: 'replace', Key: 'k', Value: 'v', SyncCount: last?.SyncCount ?? 0 }],
  });
  return Records[0].SyncCount;
}

// follow opens an EventSource or a WebSocket in the page. take resolves with its next
// event.
async function follow(kind, url) {
  const name = `f${follow.count = (follow.count ?? 0) + 1}`;
  await page.evaluate(([id, type, to]) => new Promise((resolve, reject) => {
    const events = [];
    let waiting = null;
    const put = (event) => { events.push(event); waiting?.(); };
    const source = type === 'EventSource' ? new EventSource(to) : new WebSocket(to);
    if (type === 'EventSource') {
      for (const t of ['change', 'reset', 'bye']) source.addEventListener(t, (e) => put({ type: t, id: e.lastEventId, ...JSON.parse(e.data) }));
    } else {
      source.onmessage = (e) => { const m = JSON.parse(e.data); if (m.type !== 'position') put(m); };
    }
    source.onopen = resolve;
    source.onerror = () => { if (type === 'WebSocket' || source.readyState === EventSource.CLOSED) reject(new Error(`${type} was refused`)); };
    globalThis[id] = { source, take: async () => {
      while (events.length === 0) await new Promise((more) => { waiting = more; });
      return events.shift();
    } };
  }), [name, kind, url]);
  return {
    take: () => page.evaluate((id) => globalThis[id].take(), name),
    close: () => page.evaluate((id) => globalThis[id].source.close(), name),
  };
}

const change = (event, datasetName, syncCount, lastModifiedBy) => {
  assert.ok(event.id);
  assert.deepEqual({ ...event, id: '' }, { type: 'change', id: '', datasetName, syncCount, lastModifiedBy, deleted: false });
};

for (const [kind, scheme] of [['EventSource', 'http'], ['WebSocket', 'ws']]) {
  test(`${kind}: changes, and where they went on`, { timeout: 60_000 }, async () => {
    const open = async (query) => follow(kind, (await address(env.POOLHOUSE_URL, query)).replace(/^http/, scheme));
    const name = `live.${kind}`;
    const first = await open({ dataset: [name, 'other'] });
    let count = await write(name, 'phone');
    await write('unheard', 'phone');
    const event = await first.take();
    change(event, name, count, 'phone');
    await first.close();
    count = await write(name, 'tablet');
    const second = await open({ dataset: name, lastEventId: event.id });
    change(await second.take(), name, count, 'tablet');
    await second.close();
    const third = await open({ dataset: name, lastEventId: 'unknown' });
    assert.equal((await third.take()).type, 'reset');
    await third.close();
    await assert.rejects(async () => follow(kind, (await address(env.POOLHOUSE_URL)).replace(/Signature=./, 'Signature=x').replace(/^http/, scheme)), /was refused/);
  });
}

test('EventSource comes back by itself and misses nothing', { timeout: 60_000 }, async () => {
  const { hostname, port } = new URL(env.POOLHOUSE_URL);
  const sockets = new Set();
  const wire = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    for (const [a, b] of [[near, far], [far, near]]) {
      sockets.add(a);
      a.pipe(b).on('error', () => {});
      a.on('close', () => b.destroy());
    }
  });
  await new Promise((ready) => { wire.listen(0, '127.0.0.1', ready); });
  try {
    const source = await follow('EventSource', await address(`http://127.0.0.1:${wire.address().port}`, { dataset: 'broken' }));
    for (const round of ['before any event', 'after some']) {
      for (const s of sockets) s.destroy();
      sockets.clear();
      const missed = [await write('broken', round), await write('broken', round)];
      for (const count of missed) change(await source.take(), 'broken', count, round);
    }
    await source.close();
  } finally {
    for (const s of sockets) s.destroy();
    wire.close();
  }
});
