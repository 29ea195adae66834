// A browser without a screen or JavaScript: redirects, cookies and forms, which
// is all that the hosted pages need.

// signIn opens start, fills in the sign-in form, and returns the address that
// begins with callback.
export async function signIn(start, username, password, callback) {
  const jar = new Map();
  let request = { url: new URL(start), method: 'GET' };
  for (let hop = 0; hop < 20; hop += 1) {
    const answer = await open(request, jar);
    const to = answer.headers.get('location');
    if (to) {
      const url = new URL(to, request.url);
      if (url.href.startsWith(callback)) return url;
      request = { url, method: 'GET' };
      continue;
    }
    const form = loginForm(await answer.text());
    if (!form) throw new Error(`no sign-in form at ${request.url.href} (status ${answer.status})`);
    form.fields.set('username', username);
    form.fields.set('password', password);
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
const unescape = (s) => s.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n)).replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&');

// loginForm returns the form of a page that asks for a password.
export function loginForm(html) {
  for (const [text] of html.matchAll(/<form[\s\S]*?<\/form>/g)) {
    const fields = new URLSearchParams();
    for (const [tag] of text.matchAll(/<(?:input|button)[^>]*>/g)) {
      if (attribute(tag, 'name')) fields.set(attribute(tag, 'name'), attribute(tag, 'value'));
    }
    if (fields.has('username') && fields.has('password')) return { action: attribute(text.split('>')[0], 'action'), fields };
  }
  return null;
}
