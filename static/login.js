// What the sign-in pages can do besides their forms. All but passkeys works without.
'use strict';

// An eye, struck through while what was typed is shown.
function eye() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of ['M2 12c2-4.4 5.600-6.500 10-6.500s8 2.100 10 6.500c-2 4.400-5.600 6.500-10 6.500S4 16.400 2 12z', 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z', 'M4 4l16 16']) {
    const path = document.createElementNS(svg.namespaceURI, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  svg.lastChild.setAttribute('class', 'slash');
  return svg;
}

// A button that shows what was typed into a password field.
function reveal(input) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  button.append(eye());
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.classList.toggle('shown', shown);
    button.setAttribute('aria-label', shown ? input.dataset.hide : input.dataset.show);
    button.title = button.getAttribute('aria-label');
  };
  button.addEventListener('click', () => { show(input.type === 'password'); input.focus(); });
  input.form.addEventListener('submit', () => show(false)); // browsers keep what was typed as text
  show(false);
  const focused = document.activeElement === input;
  const box = document.createElement('div');
  box.className = 'revealable';
  input.replaceWith(box);
  box.append(input, button);
  if (focused) input.focus();
}

// A passkey is asked for, and the form that carries it to the server is sent.
let waiting; // for a passkey from the field of the name

function getOptions(form) {
  return PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(form.dataset.options));
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  HTMLFormElement.prototype.submit.call(form);
}

async function autofill(form) {
  if (!await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
  waiting = new AbortController();
  try {
    send(form, await navigator.credentials.get({ publicKey: getOptions(form), mediation: 'conditional', signal: waiting.signal }));
  } catch { /* another way was chosen, or none */ }
}

function ask(form) {
  if (form.dataset.passkey === 'create') {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(form.dataset.options));
    return navigator.credentials.create({ publicKey });
  }
  waiting?.abort();
  return navigator.credentials.get({ publicKey: getOptions(form) });
}

function passkey(form) {
  const button = form.querySelector('button');
  const say = (text) => {
    const status = form.querySelector('[role=status]');
    status.textContent = text;
    status.hidden = !text;
  };
  if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    if (form.dataset.unsupported) say(form.dataset.unsupported);
    return;
  }
  form.hidden = button.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    say('');
    button.disabled = true;
    try {
      send(form, await ask(form));
    } catch {
      say(form.dataset.cancelled);
      if (form.dataset.passkey === 'get') autofill(form);
    }
    button.disabled = false;
  });
  if (form.dataset.passkey === 'get') autofill(form);
}

// What is written in a list is copied by one button.
function copier(tools) {
  const [button, status] = tools.children;
  const list = document.getElementById(tools.dataset.copy);
  tools.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText([...list.children].map((item) => item.textContent).join('\n'));
    status.textContent = tools.dataset.copied;
  });
}

document.querySelectorAll('input[data-show]').forEach(reveal);
document.querySelectorAll('form[data-passkey]').forEach(passkey);
document.querySelectorAll('[data-copy]').forEach(copier);
if (globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  for (const form of document.forms) { // so that a passkey is offered after the sign-in
    const able = document.createElement('input');
    able.type = 'hidden';
    able.name = 'passkeys';
    able.value = '1';
    form.append(able);
  }
}
