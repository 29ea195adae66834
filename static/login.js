// What the sign-in pages can do besides their forms, which work without this.
'use strict';

// A button that shows what was typed into a password field.
for (const input of document.querySelectorAll('input[data-show]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  button.setAttribute('aria-controls', input.id);
  const label = () => {
    button.classList.toggle('shown', input.type === 'text');
    button.setAttribute('aria-label', input.type === 'text' ? input.dataset.hide : input.dataset.show);
  };
  button.addEventListener('click', () => {
    input.type = input.type === 'password' ? 'text' : 'password';
    label();
    input.focus();
  });
  input.form?.addEventListener('submit', () => { input.type = 'password'; }); // browsers keep what was typed as text
  label();
  const box = document.createElement('div');
  box.className = 'revealable';
  const focused = document.activeElement === input;
  input.replaceWith(box);
  box.append(input, button);
  if (focused) input.focus();
}
