// A browser without a screen or JavaScript: redirects, cookies and forms, which
// is all that the hosted pages need.

// signIn opens start, fills in the sign-in form, and returns the address that
// begins with callback.
export async function signIn(start, username, password, callback) {
  const { url } = await walk(start, username, password, (page) => page.url.href.startsWith(callback));
  return url;
}

// samlSignIn does the same for a sign-in that ends in a SAML response, and
// returns the form that carries it.
export async function samlSignIn(start, username, password) {
  const page = await walk(start, username, password, ({ html }) => formWith(html, 'SAMLResponse') !== null);
  return formWith(page.html, 'SAMLResponse');
}

// walk follows redirects, fills in the sign-in form, and says yes where it is asked until stop holds for the
// page {url, html}; html is empty for a redirect's target.
export async function walk(start, username, password, stop) {
  const jar = new Map();
  let request = { url: new URL(start), method: 'GET' };
  for (let hop = 0; hop < 20; hop += 1) {
    const answer = await open(request, jar);
    const to = answer.headers.get('location');
    const page = { url: to ? new URL(to, request.url) : request.url, html: to ? '' : await answer.text() };
    if (stop(page)) return page;
    if (to) {
      request = { url: page.url, method: 'GET' };
      continue;
    }
    const form = formWith(page.html, 'password') ?? formWith(page.html, 'decision') ?? formWith(page.html, 'user_code');
    if (!form) throw new Error(`no sign-in form at ${page.url.href} (status ${answer.status}): ${page.html.slice(0, 400)}`);
    if (form.fields.has('password')) {
      form.fields.set('username', username);
      form.fields.set('password', password);
    }
    if (form.fields.has('decision')) form.fields.set('decision', 'allow');
    request = { url: new URL(form.action, request.url), method: 'POST', body: form.fields, origin: request.url.origin };
  }
  throw new Error('more than 20 redirects');
}

async function open({ url, method, body, origin }, jar) {
  const headers = { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ') };
  if (origin) headers.origin = origin;
  const answer = await fetch(url, { method, body, headers, redirect: 'manual' });
  for (const line of answer.headers.getSetCookie()) {
    const [pair] = line.split(';');
    const at = pair.indexOf('=');
    jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return answer;
}

const attribute = (tag, name) => unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
const unescape = (s) => s.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n)).replace(/&#x([0-9a-f]+);/gi, (_, n) => String.fromCharCode(parseInt(n, 16))).replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&');

// formWith returns the form of a page that has a field of that name, or null.
export function formWith(html, name) {
  for (const [text] of html.matchAll(/<form[\s\S]*?<\/form>/g)) {
    const fields = new URLSearchParams();
    for (const [tag] of text.matchAll(/<(?:input|button)[^>]*>/g)) {
      if (attribute(tag, 'name')) fields.set(attribute(tag, 'name'), attribute(tag, 'value'));
    }
    if (fields.has(name)) return { action: attribute(text.split('>')[0], 'action'), fields };
  }
  return null;
}
