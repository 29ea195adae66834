// Take the pictures of README.md: start a demo, photograph its pages, and lay
// the pictures side by side. Usage: node scripts/screenshots.mjs POOLHOUSE
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../conformance/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const folder = new URL('../docs/images/', import.meta.url);

// startDemo runs the demo on a free port and returns it with its URL.
async function startDemo(binary) {
  const demo = spawn(binary, ['demo', '--addr', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: demo.stdout })) {
    const url = /^Poolhouse demo at (\S+)/.exec(line)?.[1];
    if (url) return { demo, url };
  }
  throw new Error('the demo ended before it served');
}

// shot opens a page and returns its picture as a data URL.
async function shot(browser, path, { viewport, colorScheme }) {
  const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 1.5 });
  await page.goto(path);
  await page.evaluate(() => document.activeElement?.blur()); // a blinking caret differs from run to run
  const png = await page.screenshot();
  await page.close();
  return `data:image/png;base64,${png.toString('base64')}`;
}

// montage lays pictures side by side into a file.
async function montage(browser, name, pictures) {
  const page = await browser.newPage({ deviceScaleFactor: 1.5 });
  await page.setContent(`<body style="margin:0"><div id="row" style="display:inline-flex">${
    pictures.map((src) => `<img src="${src}" style="zoom:${1 / 1.5}">`).join('')}</div>`);
  const file = fileURLToPath(new URL(name, folder));
  await page.locator('#row').screenshot({ path: file });
  await page.close();
  console.log(`${file}: ${Math.round((await stat(file)).size / 1024)} kB`);
}

const { demo, url } = await startDemo(process.argv[2] ?? 'bin/poolhouse');
const browser = await chromium.launch({ executablePath: process.env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  await mkdir(folder, { recursive: true });
  const signIn = `${url}/demo/saml/login`; // the SAML app sends the browser on to the sign-in page
  const viewport = { width: 480, height: 500 };
  await montage(browser, 'sign-in.png', [
    await shot(browser, signIn, { viewport, colorScheme: 'light' }),
    await shot(browser, signIn, { viewport, colorScheme: 'dark' }),
  ]);
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  if (demo.exitCode === null) await once(demo, 'exit');
}
