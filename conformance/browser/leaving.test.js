// The scripts of a sign-out, in a real browser whose clock runs a hundred times as fast:
// they leave when they should, and not before.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const origin = 'http://localhost:1'; // nobody listens there: all is answered below
const faster = 100;
const clock = `<script>{ const real = setTimeout; window.setTimeout = (f, ms) => real(f, ms / ${faster}); }</script>`;
const script = (name) => `<script>${readFileSync(new URL(`../../static/${name}.js`, import.meta.url))}</script>`;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

// open makes a page of a body, and notes which addresses it asks for, and when.
async function open(t, body, answers) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const asked = [], at = {};
  await page.route(`${origin}/**`, (route) => {
    const path = new URL(route.request().url()).pathname;
    asked.push(path);
    at[path] = performance.now();
    if (path === '/page') return route.fulfill({ contentType: 'text/html', body: `<!DOCTYPE html><title>x</title>${clock}${body}` });
    return answers[path](route);
  });
  return { page, asked, at };
}

const never = () => {};
const blank = (route) => route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><title>y</title>' });
const links = (auto) => `<a id="go" href="/app"${auto}>go</a><a id="skip" href="/skip">skip</a>`;

test('an app that answers is gone to', async (t) => {
  const { page, asked } = await open(t, links(' data-auto') + script('leaving'), { '/app': blank, '/skip': blank });
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await page.waitForURL(`${origin}/app`);
  assert.deepEqual(asked, ['/page', '/app']);
});

test('an app that does not answer is left out after fifteen seconds, not before', async (t) => {
  const { page, asked, at } = await open(t, links(' data-auto') + script('leaving'), { '/app': never, '/skip': blank });
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await page.waitForURL(`${origin}/skip`);
  assert.deepEqual(asked, ['/page', '/app', '/skip']);
  assert.ok(at['/skip'] - at['/app'] > 10_000 / faster, `${at['/skip'] - at['/app']} ms`);
});

test('who came back without an answer is not sent there again', async (t) => {
  const { page, asked } = await open(t, links('') + script('leaving'), { '/app': blank, '/skip': blank });
  await page.goto(`${origin}/page`);
  await page.evaluate(() => new Promise((done) => { setTimeout(done, 60_000); }));
  assert.deepEqual(asked, ['/page']);
});

test('the page with frames leaves when all of them have answered, not before', async (t) => {
  let answer;
  const slow = new Promise((done) => { answer = done; });
  const body = '<a id="next" href="/next">next</a><iframe src="/one"></iframe><iframe src="/two"></iframe>' + script('signout');
  const { page, asked } = await open(t, body, { '/one': blank, '/two': (route) => slow.then(() => blank(route)), '/next': blank });
  const one = page.waitForResponse(`${origin}/one`), two = page.waitForRequest(`${origin}/two`);
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await Promise.all([one, two]);
  assert.deepEqual([...asked].sort(), ['/one', '/page', '/two']);
  answer();
  await page.waitForURL(`${origin}/next`);
});

test('a frame that fails keeps nobody', async (t) => {
  const body = '<a id="next" href="/next">next</a><iframe src="/one"></iframe>' + script('signout');
  const { page } = await open(t, body, { '/one': (route) => route.abort(), '/next': blank });
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await page.waitForURL(`${origin}/next`);
});
