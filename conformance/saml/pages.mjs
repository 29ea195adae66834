// The web server around a program on a Node library, at LISTEN.
import { createServer } from 'node:http';
import { parse } from 'node:querystring';

const [host, port] = process.env.LISTEN.split(':');

export const base = `http://${host}:${port}`;

// serve answers each path with what its function returns: where to go (to), a page (type, body), or JSON. An error is an answer too.
export function serve(pages) {
  createServer((request, response) => {
    answer(pages, request).catch((e) => ({ status: 400, json: { error: e.message } })).then(({ status, to, type, body, json }) => {
      response.statusCode = status ?? (to ? 303 : 200);
      if (to) response.setHeader('location', to);
      response.setHeader('content-type', type ?? 'application/json');
      response.end(body ?? JSON.stringify(json ?? {}));
    });
  }).listen(Number(port), host);
}

// answer tells a page its query, as it was sent too (raw), and its form.
async function answer(pages, request) {
  const url = new URL(request.url, base);
  const raw = request.url.split('?')[1] ?? '';
  let body = '';
  for await (const chunk of request) body += chunk;
  return pages[url.pathname]({ get: request.method === 'GET', raw, query: parse(raw), form: parse(body) });
}
