// openid-client through the code flow, as a web app does it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as client from 'openid-client';
import { signIn } from '../browser/pages.js';
import { verified } from '../jwt.js';

const env = process.env;
const issuer = new URL(`${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}`);
const discover = () => client.discovery(issuer, env.POOLHOUSE_CLIENT_ID, undefined, client.None(), { execute: [client.allowInsecureRequests] });
const callback = 'http://localhost/callback';

// authorize walks the hosted pages and returns the address of the callback.
async function authorize(config, extra = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope: 'openid email', state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...extra,
  });
  const end = await signIn(start, env.POOLHOUSE_USERNAME, env.POOLHOUSE_PASSWORD, callback);
  return { end, verifier, state, nonce };
}

test('code flow, userinfo, refresh, revocation', async () => {
  const config = await discover();
  const { end, verifier, state, nonce } = await authorize(config);
  const tokens = await client.authorizationCodeGrant(config, end, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
  const claims = tokens.claims();
  assert.equal(claims.email, env.POOLHOUSE_EMAIL);
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.email, env.POOLHOUSE_EMAIL);

  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(fresh.claims().sub, claims.sub);
  for (const t of [tokens, fresh]) await verified(env.POOLHOUSE_POOL_ID, env.POOLHOUSE_CLIENT_ID, { AccessToken: t.access_token, IdToken: t.id_token });
  await client.tokenRevocation(config, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
});

test('a code works once, and only with its verifier', async () => {
  const config = await discover();
  const { end, verifier, state, nonce } = await authorize(config);
  const checks = { expectedState: state, expectedNonce: nonce };
  await assert.rejects(client.authorizationCodeGrant(config, end, { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }), { error: 'invalid_grant' });
  const second = await authorize(config);
  const good = { pkceCodeVerifier: second.verifier, expectedState: second.state, expectedNonce: second.nonce };
  await client.authorizationCodeGrant(config, second.end, good);
  await assert.rejects(client.authorizationCodeGrant(config, second.end, good), { error: 'invalid_grant' });
  assert.ok(verifier);
});

test('prompt=none without a session answers login_required', async () => {
  const config = await discover();
  const start = client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: 'openid', state: 'some-state', prompt: 'none', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' });
  const answer = await fetch(start, { redirect: 'manual' });
  const to = new URL(answer.headers.get('location'), start);
  assert.equal(to.searchParams.get('error'), 'login_required');
  assert.equal(to.searchParams.get('state'), 'some-state');
});

test('an unregistered redirect URI never gets an answer', async () => {
  const config = await discover();
  const start = client.buildAuthorizationUrl(config, { redirect_uri: 'http://localhost/callback/../evil', scope: 'openid', state: 's' });
  const answer = await fetch(start, { redirect: 'manual' });
  const to = answer.headers.get('location');
  if (to !== null) assert.equal(new URL(to, start).origin, issuer.origin);
  else assert.equal(answer.status, 400);
});
