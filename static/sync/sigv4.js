// AWS Signature Version 4 in headers, by WebCrypto.

const utf8 = new TextEncoder();

/**
 * @typedef {object} Credentials temporary credentials
 * @property {string} accessKeyId
 * @property {string} secretAccessKey
 * @property {string} [sessionToken]
 * @property {Date} [expires]
 */

const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('');
const sha256 = async (text) => hex(await crypto.subtle.digest('SHA-256', utf8.encode(text)));

async function hmac(key, text) {
  const k = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return crypto.subtle.sign('HMAC', k, utf8.encode(text));
}

/** Percent-encode all but the unreserved characters of RFC 3986. @param {string} text */
export function escape(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

// canonicalQuery sorts by the encoded name, then by the encoded value.
function canonicalQuery(url) {
  const pairs = [...url.searchParams].map(([name, value]) => [escape(name), escape(value)]);
  const order = (a, b) => (a < b ? -1 : Number(a > b));
  return pairs.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1])).map((p) => p.join('=')).join('&');
}

/**
 * Sign a request. Every header that is given is signed, and the host.
 * @param {{method: string, url: URL, headers?: Record<string, string>, body?: string}} request
 * @param {Credentials} credentials
 * @param {{service: string, region: string, now: Date}} scope
 * @returns {Promise<Record<string, string>>} the headers to send; the host is the sender's to add
 */
export async function sign({ method, url, headers = {}, body = '' }, credentials, { service, region, now }) {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const sent = { ...headers, 'x-amz-date': time };
  if (credentials.sessionToken) sent['x-amz-security-token'] = credentials.sessionToken;
  const signed = Object.entries({ ...sent, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [method, url.pathname.split('/').map(escape).join('/'), canonicalQuery(url),
    ...signed.map((h) => h.join(':')), '', names, await sha256(body)].join('\n');
  let key = utf8.encode(`AWS4${credentials.secretAccessKey}`);
  for (const part of scope) key = await hmac(key, part);
  const signature = hex(await hmac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), await sha256(canonical)].join('\n')));
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}
