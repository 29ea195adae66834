// The demo of data that syncs: two devices of one person, side by side.
import { Encryption, IndexedDBStore, SyncClient, laterWins } from './sync/index.js';

const passphrase = 'correct horse battery staple'; // everything in the demo is public knowledge
const tokenLife = 30 * 60_000; // ms, half of what an ID token lives
const at = (id) => document.getElementById(id);
const { client: ClientId, identityPool: identityPoolId } = at('tools').dataset;
const parse = (value) => { try { return JSON.parse(value); } catch { return { text: value }; } };

function say(who, text) {
  const item = document.createElement('li');
  item.textContent = `${new Date().toLocaleTimeString()} ${who}: ${text}`;
  at('log').prepend(item);
  while (at('log').children.length > 30) at('log').lastChild.remove();
}

// signedIn returns what gets an ID token of the chosen person. An app has a sign-in page for that.
function signedIn() {
  const { value: USERNAME, selectedOptions: [{ dataset }] } = at('person');
  let token, since = 0;
  return () => {
    if (Date.now() - since > tokenLife) {
      since = Date.now();
      token = fetch('/', { method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
        body: JSON.stringify({ AuthFlow: 'USER_PASSWORD_AUTH', ClientId, AuthParameters: { USERNAME, PASSWORD: dataset.password } }) })
        .then((r) => r.json()).then((out) => out.AuthenticationResult.IdToken);
    }
    return token;
  };
}

class Device {
  offline = false;
  status = 'starting';

  constructor(section) {
    this.name = section.dataset.device;
    this.section = section;
    this.list = section.querySelector('ul');
    section.querySelector('form').addEventListener('submit', (event) => this.add(event));
    section.querySelector('[data-offline]').addEventListener('click', () => this.go(!this.offline));
  }

  // open begins anew: another person, or other datasets.
  async open(idToken, encryption) {
    this.client?.disconnect();
    const options = { endpoint: location.origin, identityPoolId, idToken, encryption, store: new IndexedDBStore(`poolhouse-demo-${this.name}`),
      fetch: (...args) => (this.offline ? Promise.reject(new TypeError('offline')) : fetch(...args)) };
    let client = await SyncClient.open(options);
    await client.credentials.get().catch(async () => { // the demo was started anew, and the identity is of the last one
      await client.forget();
      client = await SyncClient.open(options);
    });
    this.client = client;
    this.notes = client.dataset(encryption ? 'notes-sealed' : 'notes', { onConflict: (c) => this.settle(c) });
    this.notes.addEventListener('change', () => { if (this.client === client) { this.show(); changed(); } });
    client.addEventListener('failed', ({ detail }) => { if (!this.offline) say(this.name, detail.error.message); });
    client.addEventListener('status', ({ detail }) => {
      if (this.client !== client) return;
      this.status = detail.status;
      this.show();
    });
    await this.show();
    if (!this.offline) client.connect();
  }

  settle(conflict) {
    const [here, there] = [conflict.local, conflict.remote].map(({ value }) => (value === null ? 'removed' : `“${parse(value).text}”`));
    const winner = laterWins(conflict);
    say(this.name, `a conflict: ${here} here, ${there} on the server. The later one wins: ${winner === 'local' ? here : there}.`);
    return winner;
  }

  go(offline) {
    this.offline = offline;
    this.section.querySelector('[data-offline]').textContent = offline ? 'Go online' : 'Go offline';
    say(this.name, offline ? 'offline' : 'online again');
    if (offline) this.client.disconnect();
    else this.client.connect();
  }

  add(event) {
    event.preventDefault();
    this.put(crypto.randomUUID().slice(0, 8), { text: event.target.elements.text.value });
    event.target.reset();
  }

  put(key, note) { return this.notes.put(key, JSON.stringify(note)); }

  async show() {
    const [records, pending] = [await this.notes.list(), await this.notes.pending()];
    this.section.querySelector('.state').textContent = `${this.offline ? 'offline' : this.status}${pending ? `, ${pending} to send` : ''}`;
    this.section.dataset.status = this.offline ? 'offline' : this.status;
    if (this.list.contains(document.activeElement) && document.activeElement.type === 'text') return; // somebody types
    this.list.replaceChildren(...records.map((r) => this.item(r)));
  }

  item({ key, value, error, pending }) {
    const li = document.createElement('li');
    const note = error ? { text: 'sealed under another passphrase' } : parse(value);
    const input = (type, label, props) => Object.assign(document.createElement('input'), { type, ariaLabel: `${label} on the ${this.name}`, ...props });
    const done = input('checkbox', `Done: ${note.text}`, { checked: Boolean(note.done) });
    const text = input('text', 'Note', { value: note.text, maxLength: 200 });
    const remove = Object.assign(document.createElement('button'), { type: 'button', textContent: '×', ariaLabel: `Remove ${note.text} on the ${this.name}` });
    done.addEventListener('change', () => this.put(key, { ...note, done: done.checked }));
    text.addEventListener('change', () => { text.blur(); this.put(key, { ...note, text: text.value }); });
    text.addEventListener('blur', () => this.show());
    remove.addEventListener('click', () => this.notes.remove(key));
    li.classList.toggle('pending', pending);
    li.append(done, text, remove);
    return li;
  }
}

const devices = [...document.querySelectorAll('[data-device]')].map((section) => new Device(section));
const names = (id) => devices.find((d) => d.client?.deviceId === id)?.name ?? 'elsewhere';

// kept shows what the server has, a moment after the last change.
let timer;
function changed() {
  clearTimeout(timer);
  timer = setTimeout(kept, 400);
}

async function kept() {
  const online = devices.find((d) => !d.offline);
  if (!online) return;
  const { records } = await online.client.api.list(online.notes.name, 0);
  at('kept').replaceChildren(...records.map(({ key, value, syncCount, by }) => {
    const row = document.createElement('tr');
    row.append(...[key, value ?? 'removed', syncCount, names(by)].map((text) => Object.assign(document.createElement('td'), { textContent: text })));
    return row;
  }));
}

// Both devices change one note while they are offline, and come back.
async function conflict() {
  const [phone, laptop] = devices;
  const [first] = await phone.notes.list();
  const key = first?.key ?? 'dinner';
  for (const d of devices) d.go(true);
  await phone.put(key, { text: 'Dinner at seven' });
  await new Promise((resolve) => { setTimeout(resolve, 50); }); // so that one is later by its clock
  await laptop.put(key, { text: 'Dinner at eight' });
  for (const d of devices) {
    say(d.name, 'changed the same note while offline');
    await d.show();
  }
  await new Promise((resolve) => { setTimeout(resolve, 1500); }); // to look at it
  phone.go(false);
  await phone.notes.synchronize();
  laptop.go(false);
}

async function start() {
  at('conflict').disabled = true;
  const encryption = at('sealed').checked ? await Encryption.fromPassphrase(passphrase) : undefined;
  const idToken = signedIn();
  await Promise.all(devices.map((d) => d.open(idToken, encryption)));
  say('Both', `${at('person').selectedOptions[0].text}'s notes${encryption ? `, sealed under the passphrase “${passphrase}”` : ''}`);
  at('conflict').disabled = false;
  changed();
}

const guarded = (work) => () => work().catch((error) => say('Fault', error.message));
at('person').addEventListener('change', guarded(start));
at('sealed').addEventListener('change', guarded(start));
at('conflict').addEventListener('click', guarded(async () => {
  at('conflict').disabled = true;
  await conflict().finally(() => { at('conflict').disabled = false; });
}));
guarded(start)();
