// SAML in a real browser: at an app, which begins, or from the provider's own
// address; and a sign-out after which the app asks again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const env = process.env;
const pool = `${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}`;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

async function fill(page) {
  await page.getByLabel(/user ?name|e-?mail/i).first().fill(env.POOLHOUSE_USERNAME);
  await page.locator('input[name=password]').fill(env.POOLHOUSE_PASSWORD);
  await page.keyboard.press('Enter');
}

// arrived waits for the app's answer, which is JSON.
async function arrived(page) {
  await page.waitForURL(`${env.APP_URL}/acs`);
  const answer = JSON.parse(await page.locator('body').innerText());
  assert.equal(answer.user, env.POOLHOUSE_EMAIL);
  return answer;
}

for (const binding of ['redirect', 'post']) {
  test(`sign-in by ${binding}, single sign-on, sign-out`, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults = [];
    page.on('console', (m) => { if (m.type() === 'error' && !/favicon/.test(m.location().url)) faults.push(m.text()); });
    page.on('pageerror', (e) => faults.push(String(e)));
    const login = `${env.APP_URL}/login?binding=${binding}&rs=state`;

    await page.goto(login);
    await fill(page);
    assert.equal((await arrived(page)).relay, 'state');

    await page.goto(login); // no form this time
    await arrived(page);
    await page.goto(env.INITIATE_URL);
    await arrived(page);

    const goodbye = 'http://localhost/goodbye'; // nobody listens there
    const out = `${pool}/logout?${new URLSearchParams({ client_id: env.POOLHOUSE_CLIENT_ID, logout_uri: goodbye })}`;
    await Promise.all([page.waitForRequest((r) => r.url().startsWith(goodbye)), page.goto(out).catch(() => {})]);
    const again = await context.newPage();
    await again.goto(login);
    await again.locator('input[name=password]').waitFor();
    assert.deepEqual(faults.filter((f) => !/ERR_CONNECTION_REFUSED/.test(f)), []);
    await context.close();
  });
}
