// The demo's page of data that syncs, in Chromium.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

// open opens the page in a browser of its own, and waits until both devices are live.
async function open(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  await page.goto(`${process.env.POOLHOUSE_URL}/demo/sync/`);
  const device = (name) => page.locator(`[data-device=${name}]`);
  const live = async () => { for (const name of ['Phone', 'Laptop']) await device(name).and(page.locator('[data-status=online]')).waitFor(); };
  await live();
  const add = async (name, text) => {
    await device(name).locator('[name=text]').fill(text);
    await device(name).getByRole('button', { name: 'Add' }).click();
  };
  const seen = (name, text) => page.waitForFunction(([n, wanted]) => [...document.querySelectorAll(`[data-device=${n}] li input[type=text]`)].some((i) => i.value === wanted), [name, text]);
  const gone = (name, text) => page.waitForFunction(([n, wanted]) => ![...document.querySelectorAll(`[data-device=${n}] li input[type=text]`)].some((i) => i.value === wanted), [name, text]);
  return { page, device, add, seen, gone, live, faults };
}

test('what one device writes appears on the other', async (t) => {
  const { page, device, add, seen, gone, faults } = await open(t);
  await add('Phone', 'Milk');
  await seen('Laptop', 'Milk');
  await page.locator('#kept').getByText('{"text":"Milk"}').waitFor();
  await device('Laptop').getByRole('button', { name: 'Remove Milk on the Laptop' }).click();
  await gone('Phone', 'Milk');

  await device('Phone').getByRole('button', { name: 'Go offline' }).click();
  await add('Phone', 'Bread');
  await device('Phone').getByText('offline, 1 to send').waitFor();
  await page.reload(); // the change stands in the device's database
  await seen('Laptop', 'Bread');
  assert.deepEqual(faults, []);
});

test('a conflict is made, and the later change wins on both', async (t) => {
  const { page, seen, faults } = await open(t);
  await page.locator('#person').selectOption('bob');
  await page.locator('#log').getByText("Bob's notes").waitFor();
  await page.getByRole('button', { name: 'Make a conflict' }).click();
  await page.locator('#log').getByText('a conflict: “Dinner at eight” here, “Dinner at seven” on the server').waitFor();
  for (const name of ['Phone', 'Laptop']) await seen(name, 'Dinner at eight');
  assert.deepEqual(faults, []);
});

test('with encryption the server keeps nothing that it could read', async (t) => {
  const { page, add, seen, faults } = await open(t);
  await page.getByRole('switch', { name: 'End-to-end encryption' }).check();
  await page.locator('#log').getByText('sealed under the passphrase').waitFor();
  await add('Phone', 'Secret');
  await seen('Laptop', 'Secret');
  const value = page.locator('#kept td').filter({ hasText: /^e1\.[\w-]+$/ }).first();
  await value.waitFor();
  assert.ok(!(await page.locator('#kept').innerText()).includes('Secret'));
  assert.deepEqual(faults, []);
});

test('the page is accessible', async (t) => {
  const { page, add, seen } = await open(t);
  await add('Phone', 'A long note, which has no room on a narrow screen at all');
  await seen('Laptop', 'A long note, which has no room on a narrow screen at all');
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), tags);
      assert.deepEqual(violations.map((v) => [v.id, v.nodes.map((n) => n.html)]), [], `${width} px, ${colorScheme}`);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false, `${width} px`);
    }
  }
});
