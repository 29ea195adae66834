// The module of the Session Management plan that needs a browser: a relying party's
// page asks the provider's frame whether its user is still signed in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';

const env = process.env;
const [callback, goodbye, watch] = ['callback', 'goodbye', 'watch'].map((name) => `${env.RP_HOME}/${name}`);

// ask sends the frame on the relying party's page a message, and returns its answer.
async function ask(page, text) {
  await page.goto(watch);
  return page.evaluate(([message, origin]) => new Promise((resolve, reject) => {
    const frame = document.getElementById('op').contentWindow;
    addEventListener('message', (e) => { if (e.source === frame && e.origin === origin) resolve(e.data); });
    setTimeout(() => reject(new Error('the frame is silent')), 5000);
    frame.postMessage(message, origin);
  }), [text, new URL(env.OP_FRAME).origin]);
}

async function idToken(code) {
  const answer = await fetch(env.OP_TOKEN, { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callback }),
    headers: { authorization: `Basic ${Buffer.from(`${env.RP_ID}:${env.RP_SECRET}`).toString('base64')}` } });
  assert.equal(answer.status, 200);
  return (await answer.json()).id_token;
}

// The answers at the relying party's address, by what leads there.
async function answer(page, done) {
  await Promise.all([page.waitForURL((u) => u.href.startsWith(callback)), done()]);
  return new URL(page.url()).searchParams;
}

test('oidcc-session-management-rp-initiated-logout', async (t) => {
  const browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(env.OP_START);
  await page.locator('input[name=username]').fill(env.OP_USER);
  await page.locator('input[name=password]').fill(env.OP_PASSWORD);
  const first = await answer(page, () => page.keyboard.press('Enter'));
  const state = first.get('session_state');
  assert.ok(state && !state.includes(' '), `session_state ${state}`);
  const hint = await idToken(first.get('code'));

  assert.equal(await ask(page, `${env.RP_ID} ${state}`), 'unchanged');
  assert.equal(await ask(page, `someone-else ${state}`), 'changed');
  assert.equal(await ask(page, 'nonsense'), 'error');
  const silent = await answer(page, () => page.goto(`${env.OP_START}&prompt=none`));
  assert.equal(await ask(page, `${env.RP_ID} ${silent.get('session_state')}`), 'unchanged');

  await page.goto(`${env.OP_LOGOUT}?${new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: goodbye, state: 'left' })}`);
  await page.waitForURL(`${goodbye}?state=left`);
  assert.equal(await ask(page, `${env.RP_ID} ${state}`), 'changed');
  const after = await answer(page, () => page.goto(`${env.OP_START}&prompt=none`));
  assert.equal(after.get('error'), 'login_required');
});
