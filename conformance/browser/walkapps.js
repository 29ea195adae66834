// The part of the walk over the hosted pages that apps lead to: consent, devices,
// sign-outs; and where the links of mails lead.
import { mail } from '../mail.js';
import { callback, start, submit } from './walk.js';

const grant = 'urn:ietf:params:oauth:grant-type:device_code';
const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="48"><rect width="180" height="48" fill="#fff"/><path d="M8 40V8h22l8 8v24zM30 8v8h8M15 22h16M15 29h16" fill="none" stroke="#7a3e9d" stroke-width="3.500" stroke-linejoin="round"/><text x="50" y="31" font-family="sans-serif" font-size="19" font-weight="700" fill="#3b1d4f">Field notes</text></svg>';

// logo has a relying party with a logo: the server reads it from itself, where it is
// part of a branding of another app.
async function logo(env, w, page) {
  await page.setContent(drawing);
  const Bytes = await page.locator('svg').screenshot();
  const { ManagedLoginBranding } = await w.admin('CreateManagedLoginBranding', { UserPoolId: w.open, ClientId: w.asking, Assets: [{ Category: 'FORM_LOGO', ColorMode: 'LIGHT', Extension: 'PNG', Bytes }] });
  await page.goto(`${start(env, w.open, w.asking)}`);
  const at = await page.locator('.brand img').getAttribute('src');
  await w.settle(w.open, w.careful, { require_consent: true, authorization_details_types: ['lab_order'], policy_uri: 'https://notes.example.com/privacy', tos_uri: 'https://notes.example.com/terms', logo_uri: new URL(at, env.POOLHOUSE_URL).href });
  await w.admin('DeleteManagedLoginBranding', { UserPoolId: w.open, ManagedLoginBrandingId: ManagedLoginBranding.ManagedLoginBrandingId });
}

// device asks for a code as a television does.
async function device(env, w) {
  const answer = await fetch(`${env.POOLHOUSE_URL}/${w.open}/oauth2/device_authorization`, { method: 'POST', body: new URLSearchParams({ client_id: w.tv, scope: 'openid' }) });
  return (await answer.json()).user_code;
}

// stranger is a client that registers itself: nobody vouches for it.
async function stranger(root) {
  const answer = await fetch(`${root}/oauth2/register`, { method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Step counter', application_type: 'native', redirect_uris: [callback], token_endpoint_auth_method: 'none', policy_uri: 'https://steps.example.com/privacy' }) });
  return (await answer.json()).client_id;
}

// ask has an app ask ada, who is somewhere else (CIBA).
async function ask(root, w, more = {}) {
  const answer = await fetch(`${root}/oauth2/bc-authorize`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${w.ward.ClientId}:${w.ward.ClientSecret}`)}` },
    body: new URLSearchParams({ scope: 'openid email', login_hint: 'ada', binding_message: 'Bed 12, blue heron', ...more }) });
  if (answer.status !== 200) throw new Error(`bc-authorize: ${answer.status} ${await answer.text()}`);
}

// visitApps visits those pages as ada, signed in by the first of them.
export async function visitApps(env, w, page, at, lang) {
  const root = `${env.POOLHOUSE_URL}/${w.open}`;
  const signIn = async (client, more = {}) => {
    await page.context().clearCookies();
    await page.goto(start(env, w.open, client, { lang, scope: 'openid email profile', ...more }));
    await submit(page, { username: 'ada' });
  };
  await logo(env, w, page);
  await signIn(w.careful);
  await at('sign-in-logo');
  await submit(page, { password: 'Correct-horse-1' });
  if (page.url().includes('/passkeys/add')) await submit(page, {}, 'button.second');
  await at('consent');
  const order = { type: 'lab_order', actions: ['create', 'track'], locations: ['https://lab.example.com/orders'], specimens: [{ kind: 'blood', tubes: 2 }, { kind: 'saliva', tubes: 1 }] };
  await page.goto(start(env, w.open, w.careful, { lang, authorization_details: JSON.stringify([order]) }));
  await at('consent-details');
  await page.goto(start(env, w.open, await stranger(root), { lang, scope: 'openid email', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }));
  await at('consent-registered');

  await ask(root, w);
  await page.goto(`${root}/approve?lang=${lang}`);
  await at('approve');
  await ask(root, w, { acr_values: 'urn:poolhouse:acr:multi-factor' });
  await page.goto(`${root}/approve?lang=${lang}`);
  await submit(page, { username: 'ada' });
  await submit(page, { password: 'Correct-horse-1' });
  if (page.url().includes('/passkeys/add')) await submit(page, {}, 'button.second');
  await at('approve-weak');

  await page.goto(`${root}/device?lang=${lang}`);
  await at('device');
  await submit(page, { user_code: 'BBBBBBBB' });
  await at('device-wrong');
  await submit(page, { user_code: await device(env, w) });
  await at('device-approve');
  await submit(page);
  await at('device-done');

  await page.route('**/static/signout.*.js', (route) => route.abort()); // the page would be gone at once
  await page.route('http://localhost/goodbye**', (route) => route.fulfill({ body: '' }));
  await page.context().request.get(start(env, w.open, w.tv), { maxRedirects: 0 }); // an app that wants to hear of sign-outs
  await page.goto(`${root}/logout?lang=${lang}`);
  await at('sign-out');
  await submit(page);
  await at('signing-out');

  await page.route('**/static/leaving.*.js', (route) => route.abort());
  await page.route('http://localhost/acs', (route) => route.fulfill({ body: '' }));
  await signIn(w.wide, { scope: 'openid' });
  await submit(page, { password: 'Correct-horse-1' });
  for (const app of w.saml) await Promise.all([page.waitForURL('http://localhost/acs'), page.goto(`${root}/saml/init/${app}`)]);
  await page.goto(`${root}/logout?lang=${lang}`);
  await submit(page);
  await at('leaving');
  await Promise.all([page.waitForEvent('domcontentloaded'), page.locator('#skip').click()]);
  await at('left');
}

// visitLinks visits where the mails of a walk lead.
export async function visitLinks(env, w, page, at, lang, name) {
  const link = (code) => page.goto(`${env.POOLHOUSE_URL}/${w.open}/confirmUser?${new URLSearchParams({ client_id: w.wide, user_name: name, confirmation_code: code, lang })}`);
  await link('123456');
  await at('confirm-link');
  await submit(page);
  await at('confirm-link-gone');
  await link(mail(env.POOLHOUSE_MAIL_DIR, `${name}@example.com`, /\b(\d{6})\b/));
  await submit(page);
  await at('confirmed');

  // A second device of somebody's is a risk, of which they get a mail.
  await w.user(w.watched, name, true, { Name: 'email', Value: `${name}@example.com` }, { Name: 'email_verified', Value: 'true' });
  await w.admin('AdminInitiateAuth', { UserPoolId: w.watched, ClientId: w.watching, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: name, PASSWORD: 'Correct-horse-1' },
    ContextData: { IpAddress: '127.0.0.1', ServerName: 'x', ServerPath: '/', HttpHeaders: [{ headerName: 'User-Agent', headerValue: 'Mozilla/5.0 (Windows NT 10.0) Firefox/150.0' }] } });
  await page.context().clearCookies();
  await page.goto(start(env, w.watched, w.watching, { lang }));
  await submit(page, { username: name, password: 'Correct-horse-1' });
  const judge = mail(env.POOLHOUSE_MAIL_DIR, `${name}@example.com`, /(http\S+value=invalid\S*)/);
  await page.goto(`${judge}&lang=${lang}`);
  await at('feedback');
  await submit(page);
  await at('feedback-done');
  await page.goto(`${judge.replace(/token=[^&]*/, 'token=x')}&lang=${lang}`);
  await submit(page);
  await at('feedback-gone');
  await page.goto(`${env.POOLHOUSE_URL}/${w.open}/nowhere?lang=${lang}`);
  await at('not-found');
}
