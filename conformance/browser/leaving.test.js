// The scripts of a sign-out, in a real browser under a clock of the test's: they leave when
// they should, and not before.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const origin = 'http://localhost:1'; // nobody listens there: all is answered below
const script = (name) => `<script>${readFileSync(new URL(`../../static/${name}.js`, import.meta.url))}</script>`;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

// open shows a page whose time stands still, and notes which addresses it asks for.
async function open(body, answers) {
  const page = await (await browser.newContext()).newPage();
  const asked = [];
  await page.clock.install({ time: 0 });
  await page.route(`${origin}/**`, (route) => {
    const path = new URL(route.request().url()).pathname;
    asked.push(path);
    if (path === '/page') return route.fulfill({ contentType: 'text/html', body: `<!DOCTYPE html><title>x</title>${body}` });
    return answers[path](route);
  });
  return { page, asked };
}

const never = () => {};
const blank = (route) => route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><title>y</title>' });
const links = (auto) => `<a id="go" href="/app"${auto}>go</a><a id="skip" href="/skip">skip</a>`;

// settle lets the browser do what it has begun to.
const settle = (page) => page.evaluate(() => 0).catch(() => {});

test('an app that answers is left for at once', async () => {
  const { page, asked } = await open(links(' data-auto') + script('leaving'), { '/app': blank, '/skip': blank });
  await page.goto(`${origin}/page`);
  const there = page.waitForURL(`${origin}/app`);
  await page.clock.runFor(1);
  await there;
  await page.clock.runFor(60_000);
  assert.deepEqual(asked, ['/page', '/app']);
});

test('an app that does not answer is left out after fifteen seconds', async () => {
  const { page, asked } = await open(links(' data-auto') + script('leaving'), { '/app': never, '/skip': blank });
  await page.goto(`${origin}/page`);
  const went = page.waitForRequest(`${origin}/app`);
  await page.clock.runFor(1);
  await went;
  await page.clock.runFor(14_900);
  await settle(page);
  assert.deepEqual(asked, ['/page', '/app']);
  const there = page.waitForURL(`${origin}/skip`);
  await page.clock.runFor(200);
  await there;
  assert.deepEqual(asked, ['/page', '/app', '/skip']);
});

test('who came back without an answer is not sent there again', async () => {
  const { page, asked } = await open(links('') + script('leaving'), { '/app': blank, '/skip': blank });
  await page.goto(`${origin}/page`);
  await page.clock.runFor(60_000);
  await settle(page);
  assert.deepEqual(asked, ['/page']);
});

test('the page with frames leaves when all of them have answered', async () => {
  let answer;
  const slow = new Promise((done) => { answer = done; });
  const body = '<a id="next" href="/next">next</a><iframe src="/one"></iframe><iframe src="/two"></iframe>' + script('signout');
  const { page, asked } = await open(body, { '/one': blank, '/two': (route) => slow.then(() => blank(route)), '/next': blank });
  await Promise.all([page.waitForResponse(`${origin}/one`), page.goto(`${origin}/page`, { waitUntil: 'commit' })]);
  await page.clock.runFor(4_000);
  assert.deepEqual([...asked].sort(), ['/one', '/page', '/two']);
  const there = page.waitForURL(`${origin}/next`);
  answer();
  await there;
});

test('a frame that fails keeps nobody', async () => {
  const body = '<a id="next" href="/next">next</a><iframe src="/one"></iframe>' + script('signout');
  const { page } = await open(body, { '/one': (route) => route.abort(), '/next': blank });
  const there = page.waitForURL(`${origin}/next`);
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await there;
});
