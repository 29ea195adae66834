// The scripts of a sign-out, in a real browser whose clock the tests turn: they leave when
// they should, and not before.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const origin = 'http://localhost:1'; // nobody listens there: all is answered below
// A wait of so many milliseconds is a request for /wait/…, and over when it is answered:
// a page that is about to leave can be told nothing in another way.
const clock = '<script>{ const real = setTimeout; window.setTimeout = (f, ms) => { ms ? fetch(`/wait/${ms}`).then(f) : real(f); }; }</script>';
const script = (name) => `<script>${readFileSync(new URL(`../../static/${name}.js`, import.meta.url))}</script>`;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

// open makes a page of a body, and notes which addresses it asks for.
async function open(t, body, answers) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const asked = [];
  await page.route(`${origin}/**`, (route) => {
    const path = new URL(route.request().url()).pathname;
    asked.push(path);
    if (path === '/page') return route.fulfill({ contentType: 'text/html', body: `<!DOCTYPE html><title>x</title>${clock}${body}` });
    return answers[path](route);
  });
  return { page, asked };
}

// gate is a promise and what keeps it.
function gate() {
  let open;
  const passed = new Promise((done) => { open = done; });
  return { passed, open };
}

const never = () => {};
const blank = (route) => route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><title>y</title>' });
const links = (auto) => `<a id="go" href="/app"${auto}>go</a><a id="skip" href="/skip">skip</a>`;

test('an app that answers is gone to', async (t) => {
  const { page, asked } = await open(t, links(' data-auto') + script('leaving'), { '/app': blank, '/skip': blank, '/wait/15000': never });
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await page.waitForURL(`${origin}/app`);
  assert.deepEqual(asked.filter((path) => !path.startsWith('/wait')), ['/page', '/app']);
});

test('an app that does not answer is left out after fifteen seconds, not before', { timeout: 60_000 }, async (t) => {
  const waits = gate(), skipped = gate();
  const { page, asked } = await open(t, links(' data-auto') + script('leaving'), {
    '/app': never,
    '/wait/15000': (route) => { waits.open(route); },
    '/skip': (route) => { skipped.open(); return blank(route); },
  });
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  const route = await waits.passed;
  assert.ok(!asked.includes('/skip'));
  await blank(route);
  await skipped.passed;
  assert.deepEqual([...asked].sort(), ['/app', '/page', '/skip', '/wait/15000']);
  assert.equal(asked.at(-1), '/skip');
});

test('who came back without an answer is not sent there again', async (t) => {
  const { page, asked } = await open(t, links('') + script('leaving'), { '/app': blank, '/skip': blank, '/wait/60000': blank });
  await page.goto(`${origin}/page`);
  await page.evaluate(() => new Promise((done) => { setTimeout(done, 60_000); }));
  assert.deepEqual(asked, ['/page', '/wait/60000']);
});

test('the page with frames leaves when all of them have answered, not before', async (t) => {
  const slow = gate(), two = gate();
  const body = '<a id="next" href="/next">next</a><iframe src="/one"></iframe><iframe src="/two"></iframe>' + script('signout');
  const { page, asked } = await open(t, body, { '/one': blank, '/two': (route) => { two.open(); return slow.passed.then(() => blank(route)); }, '/next': blank });
  const one = page.waitForResponse(`${origin}/one`);
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await Promise.all([one, two.passed]);
  assert.deepEqual([...asked].sort(), ['/one', '/page', '/two']);
  slow.open();
  await page.waitForURL(`${origin}/next`);
});

test('a frame that fails keeps nobody', async (t) => {
  const body = '<a id="next" href="/next">next</a><iframe src="/one"></iframe>' + script('signout');
  const { page } = await open(t, body, { '/one': (route) => route.abort(), '/next': blank });
  await page.goto(`${origin}/page`, { waitUntil: 'commit' });
  await page.waitForURL(`${origin}/next`);
});
