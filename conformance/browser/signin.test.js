// The hosted page in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const env = process.env;
const issuer = `${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}`;
const start = `${issuer}/oauth2/authorize?${new URLSearchParams({
  response_type: 'code', client_id: env.POOLHOUSE_CLIENT_ID, redirect_uri: 'http://localhost/callback', scope: 'openid', state: 'from-chromium',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
})}`;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

// open returns a page, and what went wrong on it. Nobody listens at the callback:
// the browser is watched as it is sent there.
async function open(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 4|ERR_CONNECTION_REFUSED/.test(m.text())) faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  return { page, faults, context };
}

const callback = (page) => page.waitForRequest((r) => r.url().startsWith('http://localhost/callback'));

async function fill(page, username, password) {
  await page.getByLabel(/user ?name|e-?mail/i).first().fill(username);
  await page.locator('input[name=password]').fill(password);
  await page.keyboard.press('Enter');
}

for (const [name, options] of [['desktop', { viewport: { width: 1280, height: 800 } }], ['phone without scripts', { viewport: { width: 360, height: 740 }, javaScriptEnabled: false }], ['dark', { colorScheme: 'dark' }]]) {
  test(`sign-in on a ${name}`, async () => {
    const { page, faults, context } = await open(options);
    await page.goto(start);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth').catch(() => true), true, 'nothing sticks out sideways');
    await fill(page, env.POOLHOUSE_USERNAME, 'Not-the-password-1');
    await page.getByText(/incorrect/i).waitFor();
    const [request] = await Promise.all([callback(page), fill(page, env.POOLHOUSE_USERNAME, env.POOLHOUSE_PASSWORD)]);
    const to = new URL(request.url());
    assert.equal(to.searchParams.get('state'), 'from-chromium');
    assert.ok(to.searchParams.get('code'));
    assert.deepEqual(faults, []);
    await Promise.all([callback(page), page.goto(start).catch(() => {})]); // signed in: no form
    await context.close();
  });
}

test('the pages may not be framed and load nothing from elsewhere', async () => {
  const { page, context } = await open();
  const foreign = [];
  page.on('request', (r) => { if (!r.url().startsWith(env.POOLHOUSE_URL) && !r.url().startsWith('data:')) foreign.push(r.url()); });
  const response = await page.goto(start);
  const policy = response.headers()['content-security-policy'] ?? '';
  assert.match(policy, /frame-ancestors 'none'/);
  assert.match(policy, /default-src 'none'/);
  assert.deepEqual(foreign, []);
  await context.close();
});
