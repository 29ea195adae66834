// Requests to the server: signed or not, again after a failure that may pass.
import { sign } from './sigv4.js';

/** A refusal of the server, or no answer at all. */
export class SyncError extends Error {
  /**
   * @param {string} name as the server calls it, for instance "ResourceConflictException"; "NetworkError" without an answer
   * @param {string} message
   * @param {number} [status] of HTTP; 0 without an answer
   */
  constructor(name, message, status = 0) {
    super(message);
    this.name = name;
    this.status = status;
  }

  /** Whether the same request may succeed later. */
  get temporary() { return this.status === 0 || this.status === 429 || this.status >= 500 && this.status !== 501; }
}

/** Wait, or throw what the signal says. @param {number} ms @param {AbortSignal} [signal] */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/** How long to wait before try n (from 0), in ms: at random, at most doubling, never above a minute. @param {number} n */
export const backOff = (n) => Math.random() * Math.min(60_000, 500 * 2 ** n);

const tries = 3;
const timeout = 30_000; // ms for one answer
const worstSkew = 4 * 60_000; // ms; the server allows five minutes

async function refusal(response) {
  const text = await response.text();
  let said = {};
  try { said = JSON.parse(text); } catch { /* a proxy answers in HTML */ }
  const name = response.headers.get('x-amzn-errortype') || said.__type || 'HTTPError';
  const code = name.split(/[:#]/).find((part) => /^\w+$/.test(part)) ?? 'HTTPError';
  const error = new SyncError(code, said.message ?? said.Message ?? `status ${response.status}`, response.status);
  error.retryAfter = Number(response.headers.get('retry-after')) * 1000 || 0; // ms
  return error;
}

/** A connection to one server. */
export class Connection {
  #skew = 0; // how far the server's clock is ahead of ours, in ms

  /** @param {{endpoint: string, region: string, fetch?: typeof fetch, now?: () => number}} options */
  constructor({ endpoint, region, fetch = (...args) => globalThis.fetch(...args), now = Date.now }) {
    this.endpoint = endpoint.replace(/\/+$/, '');
    this.region = region;
    this.fetch = fetch;
    this.now = now;
  }

  /** The server's time as far as we know it. */
  time() { return new Date(this.now() + this.#skew); }

  /**
   * Send one request and return the response, whatever its status. Where our clock is
   * wrong the server's is taken, and the request sent again.
   * @param {{method: string, path: string, headers?: Record<string, string>, body?: string, service?: string, signal?: AbortSignal}} request
   * @param {() => Promise<import('./sigv4.js').Credentials>} [credentials] none: unsigned
   */
  async send(request, credentials) {
    const response = await this.#once(request, credentials);
    const date = Date.parse(response.headers.get('date') ?? '');
    if (response.status !== 403 && response.status !== 400 || !credentials || !(Math.abs(date - this.time()) > worstSkew)) return response;
    await response.body?.cancel();
    this.#skew = date - this.now();
    return this.#once(request, credentials);
  }

  async #once({ method, path, headers, body, service, signal }, credentials) {
    const url = new URL(this.endpoint + path);
    const sent = credentials
      ? await sign({ method, url, headers, body }, await credentials(), { service, region: this.region, now: this.time() }) : headers;
    try {
      return await this.fetch(url, { method, headers: sent, body, signal, credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer' });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new SyncError('NetworkError', `${this.endpoint} does not answer: ${error.message}`);
    }
  }

  /** Send a request, again after a failure that may pass, and return the JSON of its answer. */
  async json(request, credentials) {
    for (let n = 1; ; n += 1) {
      try {
        return await this.#answer(request, credentials);
      } catch (error) {
        if (n === tries || !(error instanceof SyncError && error.temporary)) throw error;
        await pause(backOff(n), request.signal);
      }
    }
  }

  async #answer(request, credentials) {
    const limit = AbortSignal.timeout(timeout);
    try {
      const response = await this.send({ ...request, signal: limit }, credentials);
      if (!response.ok) throw await refusal(response);
      return await response.json();
    } catch (error) {
      if (error instanceof SyncError) throw error;
      throw new SyncError('NetworkError', error.message); // cut off, or too late
    }
  }
}

export { refusal };
