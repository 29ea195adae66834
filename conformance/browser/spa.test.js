// Apps that run in the browser alone, with the libraries that they are written with.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CognitoIdentityProviderClient, CreateUserPoolClientCommand } from '@aws-sdk/client-cognito-identity-provider';
import { chromium } from 'playwright-core';
import { serveApp } from './spa.js';

const env = process.env;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser.close());

// open serves the app, registers it and opens it. settings are those of oidc-client-ts.
async function open(t, app) {
  const pending = { code: '' };
  const server = await serveApp({ toString: () => pending.code });
  t.after(server.close);
  const made = await new CognitoIdentityProviderClient({}).send(new CreateUserPoolClientCommand({
    UserPoolId: env.POOLHOUSE_POOL_ID, ClientName: 'spa', AllowedOAuthFlows: ['code'], AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthScopes: ['openid', 'email'], SupportedIdentityProviders: ['COGNITO'],
    CallbackURLs: [`${server.url}/callback`], LogoutURLs: [`${server.url}/goodbye`],
  }));
  const settings = {
    authority: `${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}`, client_id: made.UserPoolClient.ClientId, scope: 'openid email', loadUserInfo: true,
    redirect_uri: `${server.url}/callback`, post_logout_redirect_uri: `${server.url}/goodbye`,
  };
  pending.code = app(JSON.stringify(settings));
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  await page.goto(`${server.url}/`);
  return { page, faults, url: server.url };
}

async function fill(page) {
  await page.getByLabel(/user ?name|e-?mail/i).first().fill(env.POOLHOUSE_USERNAME);
  await page.locator('input[name=password]').fill(env.POOLHOUSE_PASSWORD);
  await page.keyboard.press('Enter');
}

test('oidc-client-ts: sign-in, userinfo, silent renewal, revocation, logout', async (t) => {
  const { page, faults, url } = await open(t, (settings) => `
    import { UserManager } from 'oidc-client-ts';
    window.manager = new UserManager(${settings});
    if (location.pathname === '/callback') await manager.signinCallback();
    document.title = 'ready ' + location.pathname;`);
  const ready = (path) => page.waitForFunction((title) => document.title === title, `ready ${path}`);
  await ready('/');
  await page.evaluate(() => { manager.signinRedirect(); });
  await page.waitForURL(`${env.POOLHOUSE_URL}/**`);
  await fill(page);
  await ready('/callback');
  const first = await page.evaluate(() => manager.getUser());
  assert.equal(first.profile.email, env.POOLHOUSE_EMAIL);
  const renewed = await page.evaluate(() => manager.signinSilent());
  assert.equal(renewed.profile.sub, first.profile.sub);
  assert.notEqual(renewed.access_token, first.access_token);
  await page.evaluate(() => manager.revokeTokens(['refresh_token']));
  await page.evaluate(() => { manager.signoutRedirect(); });
  await ready('/goodbye');
  assert.equal(new URL(page.url()).origin, url);
  assert.deepEqual(faults, []);
});

test('react-oidc-context: sign-in, logout', async (t) => {
  const { page, faults } = await open(t, (settings) => `
    import React from 'react';
    import { AuthProvider, useAuth } from 'react-oidc-context';
    const e = React.createElement;
    function App() {
      const auth = useAuth();
      if (auth.isLoading) return e('p', null, 'Loading');
      if (auth.error) return e('p', null, 'Failed: ' + auth.error.message);
      if (!auth.isAuthenticated) return e('button', { onClick: () => auth.signinRedirect() }, 'Sign in');
      return e('div', null, e('p', null, 'Hello ' + auth.user.profile.email), e('button', { onClick: () => auth.signoutRedirect() }, 'Sign out'));
    }
    ReactDOM.createRoot(document.getElementById('root')).render(e(AuthProvider, ${settings}, e(App)));`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${env.POOLHOUSE_URL}/**`);
  await fill(page);
  await page.getByText(`Hello ${env.POOLHOUSE_EMAIL}`).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/goodbye**');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(faults, []);
});
