// Take the pictures of README.md, docs/pages.md and docs/sync-client.md: start a demo and a server with
// pools that have every page, photograph them light and dark, and lay the pictures
// side by side. Usage: node scripts/screenshots.mjs POOLHOUSE
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lambda } from '../conformance/lambda.js';
import { questions, walk, world } from '../conformance/browser/walk.js';

const require = createRequire(new URL('../conformance/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const folder = new URL('../docs/images/', import.meta.url);
const limit = 40; // kB of a picture

// started runs poolhouse until a line of its output matches, and returns the match.
async function started(binary, args, env, line, output) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let log = '';
  child[output === 'stdout' ? 'stderr' : 'stdout'].on('data', (text) => { log += text; });
  for await (const text of createInterface({ input: child[output] })) {
    log += `${text}\n`;
    const match = line.exec(text);
    if (match) {
      child[output].resume();
      return { child, match };
    }
  }
  throw new Error(`poolhouse ${args[0]} ended: ${log}`);
}

async function stop(child) {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

// shot returns a picture of a page, in a colour scheme, as a data URL.
async function shot(page, colorScheme) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.evaluate(() => document.activeElement?.blur()); // a blinking caret differs from run to run
  return `data:image/png;base64,${(await page.screenshot({ fullPage: true })).toString('base64')}`;
}

// join lays pictures side by side into a WebP file.
async function join(browser, name, pictures) {
  const page = await browser.newPage();
  const bytes = await page.evaluate(async ([sources, most]) => {
    const images = await Promise.all(sources.map(async (src) => { const i = new Image(); i.src = src; await i.decode(); return i; }));
    const canvas = document.createElement('canvas');
    canvas.width = images.reduce((sum, i) => sum + i.width, 0);
    canvas.height = Math.max(...images.map((i) => i.height));
    let x = 0;
    for (const i of images) {
      canvas.getContext('2d').drawImage(i, x, 0);
      x += i.width;
    }
    for (let quality = 0.5; ; quality -= 0.1) {
      const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/webp', quality); });
      if (blob.size <= most || quality < 0.3) return [...new Uint8Array(await blob.arrayBuffer())];
    }
  }, [pictures, limit * 1024]);
  await page.close();
  await writeFile(new URL(name, folder), Buffer.from(bytes));
  console.log(`${fileURLToPath(new URL(name, folder))}: ${Math.ceil(bytes.length / 1024)} kB`);
  if (bytes.length > limit * 1024) throw new Error(`${name} is larger than ${limit} kB`);
}

// demo takes pictures of the demo: its first page, and two devices that sync.
async function demo(browser, binary) {
  const { child, match: [, url] } = await started(binary, ['demo', '--addr', '127.0.0.1:0'], {}, /^Poolhouse demo at (\S+)/, 'stdout');
  try {
    const page = await browser.newPage({ viewport: { width: 480, height: 560 }, deviceScaleFactor: 1.5 });
    await page.goto(`${url}/demo/saml/login`); // the SAML app sends the browser on to the sign-in page
    await join(browser, 'sign-in.webp', [await shot(page, 'light'), await shot(page, 'dark')]);
    await page.close();
    const devices = await browser.newPage({ viewport: { width: 720, height: 600 } });
    await devices.goto(`${url}/demo/sync/`);
    for (const [name, text] of [['Phone', 'Milk'], ['Laptop', 'Bread']]) {
      await devices.locator(`[data-device=${name}][data-status=online] [name=text]`).fill(text);
      await devices.locator(`[data-device=${name}]`).getByRole('button', { name: 'Add' }).click();
    }
    for (const name of ['Phone', 'Laptop']) await devices.locator(`[data-device=${name}] li`).nth(1).waitFor();
    await devices.locator('#kept tr').nth(1).waitFor();
    await join(browser, 'sync-demo.webp', [await shot(devices, 'light'), await shot(devices, 'dark')]);
  } finally {
    await stop(child);
  }
}

// pages takes a picture of each page; some once more in Arabic, or wide.
async function pages(browser, binary) {
  const data = await mkdtemp(`${tmpdir()}/poolhouse-`);
  const [port, functionsPort] = [await freePort(), await freePort()];
  const env = { POOLHOUSE_URL: `http://localhost:${port}`, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'AKIAPICTURESPICTURES', AWS_SECRET_ACCESS_KEY: 'pictures/of/the/hosted/pages/for/the/docs', POOLHOUSE_MAIL_DIR: data };
  const functions = await lambda(`127.0.0.1:${functionsPort}`);
  const { child } = await started(binary, ['serve', '--addr', `127.0.0.1:${port}`, '--public-url', env.POOLHOUSE_URL, '--data', data, '--mail-dir', data, '--allow-private-fetch', '--allow-private-triggers', '--lambda-endpoint', `http://127.0.0.1:${functionsPort}`],
    { POOLHOUSE_ROOT_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID, POOLHOUSE_ROOT_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY }, /serves at/, process.env.POOLHOUSE_SERVES_ON ?? 'stdout');
  try {
    const arn = functions.define('questions', questions);
    const w = { ...await world(env, arn), arn };
    const narrow = await browser.newContext({ viewport: { width: 400, height: 600 } });
    await walk(env, w, narrow, async (name, page) => {
      await join(browser, `pages/${name}.webp`, [await shot(page, 'light'), await shot(page, 'dark')]);
    });
    const wide = await browser.newContext({ viewport: { width: 1100, height: 640 } });
    await walk(env, w, wide, async (name, page) => {
      if (name === 'password') await join(browser, 'pages/password-ar.webp', [await shot(page, 'light')]);
      if (name === 'password-wrong') await join(browser, 'pages/password-wrong-ar.webp', [await shot(page, 'dark')]);
    }, 'ar');
  } finally {
    await stop(child);
    await functions.close();
    await rm(data, { recursive: true });
  }
}

const binary = process.argv[2] ?? 'bin/poolhouse';
const browser = await chromium.launch({ executablePath: process.env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  await mkdir(new URL('pages/', folder), { recursive: true });
  await demo(browser, binary);
  await pages(browser, binary);
} finally {
  await browser.close();
}
