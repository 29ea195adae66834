// Changes as they come: a stream of server-sent events, read with fetch, since an
// EventSource cannot carry a signature in headers and one in the address ends up in logs.
import { SyncError, backOff, pause, refusal } from './http.js';
import { escape } from './sigv4.js';

const silence = 60_000; // ms; the server sends something every 20 s
const longest = 1 << 20; // characters of one event

/** Splits a stream of text into events (HTML Living Standard, section 9.2.6). */
export class EventParser {
  #rest = '';
  #event = { type: '', data: [] };
  id = ''; // the last one, of a block without data too
  retry = 1000; // ms that the server asks to wait before coming back

  /** Take in more text and return the events that are complete. @param {string} text */
  push(text) {
    const events = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line !== '') this.#field(line);
      else if (this.#event.data.length > 0) events.push({ type: this.#event.type || 'message', data: this.#event.data.join('\n'), id: this.id });
      if (line === '') this.#event = { type: '', data: [] };
    }
    if (this.#rest.length > longest || this.#event.data.reduce((n, d) => n + d.length, 0) > longest) throw new SyncError('NetworkError', 'an event is too long');
    return events;
  }

  #field(line) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (name === 'event') this.#event.type = value;
    else if (name === 'data') this.#event.data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
  }
}

/**
 * @typedef {object} Handlers
 * @property {(event: {datasetName: string, syncCount: number, lastModifiedBy?: string, deleted: boolean}) => void} onChange
 * @property {() => void} onReset changes may have been missed: look at everything
 * @property {(status: 'connecting' | 'online' | 'offline', error?: Error) => void} onStatus
 */

/** A stream that comes back by itself. */
export class Live {
  #stop = new AbortController();
  #wake = new AbortController(); // ends a pause
  #last = '';
  #failed = 0;

  /**
   * @param {import('./api.js').API} api @param {Handlers} handlers
   * @param {string[]} datasets none: all of the identity, which its policy must allow
   */
  constructor(api, handlers, datasets = []) {
    this.api = api;
    this.handlers = handlers;
    this.path = `${api.root}/live${datasets.length > 0 ? '?' : ''}${datasets.map((d) => `dataset=${escape(d)}`).join('&')}`;
    this.ended = this.#run();
  }

  /** Try again now: the network is back. */
  wake() { this.#wake.abort(); }

  close() {
    this.#stop.abort(new SyncError('Closed', 'closed'));
    this.wake();
  }

  async #run() {
    while (!this.#stop.signal.aborted) {
      let wait = 0;
      try {
        this.handlers.onStatus('connecting');
        wait = await this.#listen();
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        wait = this.#waitAfter(error);
        this.handlers.onStatus('offline', error);
      }
      this.#wake = new AbortController();
      if (!this.#stop.signal.aborted) await pause(wait, this.#wake.signal).catch(() => {});
    }
  }

  #waitAfter(error) {
    if (error.status === 403) this.api.credentials.forget();
    if ([404, 405, 501].includes(error.status)) { // a server without the stream: ask once a minute
      this.handlers.onReset();
      return 60_000;
    }
    this.#failed += 1;
    return Math.max(backOff(this.#failed), error.retryAfter ?? 0);
  }

  // listen reads one connection to its end, and returns how long to wait for the next.
  async #listen() {
    const end = new AbortController();
    const watch = () => setTimeout(() => end.abort(new SyncError('NetworkError', 'the stream fell silent')), silence);
    const stop = () => end.abort(this.#stop.signal.reason);
    this.#stop.signal.addEventListener('abort', stop);
    let timer = watch();
    try {
      const response = await this.#open(end.signal);
      this.handlers.onStatus('online');
      if (!this.#last) this.handlers.onReset(); // what was before this stream is not in it
      const parser = new EventParser(), text = new TextDecoder();
      for (const reader = response.body.getReader(); ;) {
        const { done, value } = await reader.read();
        clearTimeout(timer);
        timer = watch();
        if (done) throw new SyncError('NetworkError', 'the stream ended');
        const events = parser.push(text.decode(value, { stream: true }));
        this.#last = parser.id;
        for (const event of events) if (this.#handle(event)) return parser.retry;
      }
    } finally {
      clearTimeout(timer);
      this.#stop.signal.removeEventListener('abort', stop);
      end.abort();
    }
  }

  async #open(signal) {
    const headers = { accept: 'text/event-stream', ...this.#last && { 'last-event-id': this.#last } };
    const response = await this.api.connection.send({ method: 'GET', path: this.path, headers, service: 'cognito-sync', signal }, this.api.credentials.get);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  // handle reports whether the server ends the connection in good order.
  #handle({ type, data }) {
    this.#failed = 0;
    if (type === 'change') this.handlers.onChange(JSON.parse(data));
    if (type === 'reset') this.handlers.onReset();
    return type === 'bye';
  }
}
