// A web server for an app that runs in the browser alone, below the libraries that
// npm has installed. Nothing is bundled.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const script = { 'content-type': 'text/javascript' };

// serveApp serves the page at every path and the app's module at /app.js.
export async function serveApp(app) {
  const page = (await readFile(here('spa.html'), 'utf8')).replace('</body>', '<script type="module" src="/app.js"></script></body>');
  const answers = { '/app.js': app, '/react.js': 'export default window.React;' };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (answers[pathname]) return response.writeHead(200, script).end(String(answers[pathname]));
    if (pathname.startsWith('/modules/') && !pathname.includes('..')) {
      return response.writeHead(200, script).end(await readFile(here(`../node_modules/${pathname.slice('/modules/'.length)}`)));
    }
    return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  });
  await new Promise((resolve) => { server.listen(0, 'localhost', resolve); });
  return { url: `http://localhost:${server.address().port}`, close: () => server.close() };
}
