// Every hosted page is accessible: axe-core finds nothing, light and dark, on a phone
// and on a desktop, from left to right and from right to left.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { lambda } from '../lambda.js';
import { callback, questions, start, submit, walk, world } from './walk.js';

const env = process.env;
const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
let browser, functions, w;

before(async () => {
  browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  functions = await lambda();
  const arn = functions.define('questions', questions);
  w = { ...await world(env, arn), arn };
});
after(async () => {
  await browser.close();
  await functions.close();
});

// faults are what is wrong with a page as it is shown now.
async function faults(page) {
  await page.evaluate(axe); // the page's own policy lets no script in
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), tags);
  const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  const small = await page.evaluate(() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary')]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 23.5).map((e) => e.outerHTML.slice(0, 90)));
  const holes = (await page.evaluate(() => `${document.title} ${document.body.innerText}`)).match(/\{[a-z-]+\}/g) ?? []; // of texts
  return [...holes.map((h) => `${h} is not filled in`), ...violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 120)} ${n.failureSummary}`)), ...small.map((e) => `target below 24 px: ${e}`), ...(wide ? ['the page is wider than the screen'] : [])];
}

for (const lang of ['en', 'ar']) {
  test(`every page in ${lang}`, async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const found = [], seen = new Set();
    await walk(env, w, context, async (name, page) => {
      seen.add(name);
      assert.equal(await page.locator('html').getAttribute('lang'), lang, `${name} at ${page.url()}: ${await page.locator('main').innerText()}`);
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 });
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          found.push(...(await faults(page)).map((f) => `${name}, ${width} px, ${colorScheme}: ${f}`));
        }
      }
    }, lang);
    assert.equal(found.length, 0, [...new Set(found)].slice(0, 30).join('\n'));
    assert.ok(seen.size >= 49, `only ${[...seen]}`);
    await context.close();
  });
}

// atApp waits until the browser is sent to the app, where nobody listens, by what is
// done meanwhile.
async function atApp(page, done) {
  const [request] = await Promise.all([page.waitForRequest((r) => r.url().startsWith(callback), { timeout: 10_000 }), done.catch(() => {})]);
  const to = new URL(request.url());
  assert.ok(to.searchParams.get('code'), to.href);
}

// Every control can be reached and used by keyboard, in the order of reading.
test('a sign-in by keyboard alone', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(start(env, w.open, w.wide));
  await page.keyboard.type('ada'); // the field has the focus
  const stops = [];
  for (let i = 0; i < 3; i += 1) {
    await page.keyboard.press('Tab');
    stops.push(await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return { id: document.activeElement.id || document.activeElement.type, ring: parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== 'none' };
    }));
  }
  assert.deepEqual(stops.slice(0, 2), [{ id: 'remember', ring: true }, { id: 'submit', ring: true }]);
  await page.keyboard.press('Shift+Tab');
  await Promise.all([page.waitForURL('**/signin?**'), page.keyboard.press('Enter')]);
  await page.waitForFunction(() => document.activeElement?.name === 'password'); // by itself
  await page.keyboard.type('Correct-horse-1');
  const [request] = await Promise.all([page.waitForRequest((r) => r.url().startsWith(callback) || r.url().includes('/passkeys/add')), page.keyboard.press('Enter')]);
  assert.ok(request);
  await context.close();
});

test('the main ways without JavaScript', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(start(env, w.open, w.wide));
  assert.equal(await page.locator('[data-passkey]').isVisible(), false, 'a button that does nothing');
  await submit(page, { username: 'ada' });
  await atApp(page, submit(page, { password: 'Correct-horse-1' })); // no passkey is offered to who could not make one
  await context.clearCookies();
  await page.goto(start(env, w.open, w.asking));
  await submit(page, { username: 'ada' });
  await atApp(page, submit(page, { answer: '123456' }));
  await context.clearCookies();
  await page.goto(start(env, w.open, w.wide).replace('/oauth2/authorize', '/signup'));
  const name = `quiet${Date.now()}`;
  await submit(page, { username: name, password: 'Correct-horse-1', 'attribute:given_name': 'Eve', 'attribute:email': `${name}@example.com` });
  await page.waitForURL('**/confirm?**');
  await context.close();
});

// An authenticator that says yes.
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
}

test('a passkey is offered, made, and fills itself in', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await authenticator(page);
  await page.goto(start(env, w.open, w.wide));
  await submit(page, { username: 'ada' });
  await submit(page, { password: 'Correct-horse-1' });
  assert.match(page.url(), /\/passkeys\/add\?/);
  await atApp(page, page.locator('[data-passkey] button').click());
  await context.clearCookies();
  await atApp(page, page.goto(start(env, w.open, w.wide))); // nothing is clicked
  await context.close();
});

// Password managers find the name and the password in one form.
test('password managers fill it right', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const tokens = () => page.evaluate(() => [...document.querySelector('input[type=password]').form.querySelectorAll('input')]
    .map((i) => i.autocomplete).filter(Boolean).filter((a) => a !== 'off'));
  await page.goto(start(env, w.open, w.wide));
  assert.equal(await page.locator('#username').getAttribute('autocomplete'), 'username webauthn');
  await submit(page, { username: 'ada' });
  assert.deepEqual(await tokens(), ['username', 'current-password']);
  assert.equal(await page.locator('[autocomplete=username]').inputValue(), 'ada');
  await page.goto(page.url().replace('/signin?', '/signup?'));
  assert.ok((await tokens()).join().startsWith('username,') && (await tokens()).includes('new-password') && (await tokens()).includes('email'));
  await context.close();
});
