// oauth4webapi through the code flow: a client that checks every answer to the letter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { signIn, walk } from '../browser/pages.js';
import { poolhouse } from '../poolhouse.js';

const env = process.env;
const issuer = new URL(`${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}`);
const insecure = { [oauth.allowInsecureRequests]: true };
const client = { client_id: env.POOLHOUSE_CLIENT_ID };
const callback = 'http://localhost/callback';

const discover = async () => oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));

// authorize walks the hosted pages and returns the parameters of the callback.
async function authorize(as) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const start = new URL(as.authorization_endpoint);
  start.search = new URLSearchParams({
    client_id: client.client_id, redirect_uri: callback, response_type: 'code', scope: 'openid email', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  const end = await signIn(start, env.POOLHOUSE_USERNAME, env.POOLHOUSE_PASSWORD, callback);
  return { params: oauth.validateAuthResponse(as, client, end, state), verifier, nonce, start };
}

async function redeem(as, { params, verifier, nonce }, options = {}) {
  const redeemed = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, callback, verifier, { ...insecure, ...options });
  return oauth.processAuthorizationCodeResponse(as, client, redeemed, { expectedNonce: nonce, requireIdToken: true });
}

test('code flow, userinfo, refresh, revocation', async () => {
  const as = await discover();
  const tokens = await redeem(as, await authorize(as));
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const info = await oauth.processUserInfoResponse(as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure));
  assert.equal(info.email, env.POOLHOUSE_EMAIL);

  const refresh = async () => oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, insecure));
  assert.notEqual((await refresh()).access_token, tokens.access_token);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, oauth.None(), tokens.refresh_token, insecure));
  await assert.rejects(refresh(), { error: 'invalid_grant' });
});

test('logout leads back to the app with its state', async () => {
  const as = await discover();
  const tokens = await redeem(as, await authorize(as));
  const leave = new URL(as.end_session_endpoint);
  const state = oauth.generateRandomState();
  leave.search = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: 'http://localhost/goodbye', state });
  const { url } = await walk(leave, '', '', (page) => page.url.href.startsWith('http://localhost/goodbye'));
  assert.equal(url.searchParams.get('state'), state);
});

test('tokens bound by DPoP', async () => {
  const as = await discover();
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  const flow = await authorize(as);
  let tokens;
  try {
    tokens = await redeem(as, flow, { DPoP });
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    tokens = await redeem(as, flow, { DPoP });
  }
  assert.equal(tokens.token_type, 'dpop');
  const ask = (options) => oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(as.userinfo_endpoint), undefined, undefined, { ...insecure, ...options });
  const proven = async () => {
    try {
      return await ask({ DPoP });
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error;
      return ask({ DPoP });
    }
  };
  assert.equal((await (await proven()).json()).email, env.POOLHOUSE_EMAIL);
  await assert.rejects(ask({}), 'the token alone opens nothing');
});

test('a device without a browser', async () => {
  const as = await discover();
  await poolhouse(env)('PutOpenIDClient', { UserPoolId: env.POOLHOUSE_POOL_ID, ClientId: client.client_id, Metadata: JSON.stringify({ grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] }) });
  const asked = await oauth.processDeviceAuthorizationResponse(as, client, await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope: 'openid email' }, insecure));
  const poll = async () => oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, oauth.None(), asked.device_code, insecure));
  await assert.rejects(poll(), { error: 'authorization_pending' });
  await assert.rejects(poll(), { error: 'slow_down' });
  await walk(asked.verification_uri_complete, env.POOLHOUSE_USERNAME, env.POOLHOUSE_PASSWORD, ({ html }) => html && !html.includes('<form'));
  const tokens = await poll();
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, client.client_id);
  const info = await oauth.processUserInfoResponse(as, client, oauth.getValidatedIdTokenClaims(tokens).sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure));
  assert.equal(info.email, env.POOLHOUSE_EMAIL);
  await assert.rejects(poll(), { error: 'invalid_grant' });
});
