// Passkeys in a real browser: a page of an app calls the API as the SDKs do, and
// Chromium's virtual authenticator answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import * as idp from '@aws-sdk/client-cognito-identity-provider';

const env = process.env;
const root = new idp.CognitoIdentityProviderClient({
  endpoint: env.POOLHOUSE_URL, region: env.AWS_REGION, maxAttempts: 1,
  credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
});
const admin = (name, input) => root.send(new idp[`${name}Command`](input));
const Password = 'Correct-horse-1';
let browser, UserPoolId, ClientId;

before(async () => {
  browser = await chromium.launch({ executablePath: env.POOLHOUSE_TEST_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  const pool = await admin('CreateUserPool', { PoolName: 'passkeys', Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'WEB_AUTHN'] } } });
  UserPoolId = pool.UserPool.Id;
  const client = await admin('CreateUserPoolClient', { UserPoolId, ClientName: 'app', ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] });
  ClientId = client.UserPoolClient.ClientId;
  for (const Username of ['alice', 'bob']) {
    await admin('AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS' });
    await admin('AdminSetUserPassword', { UserPoolId, Username, Password, Permanent: true });
  }
});
after(() => browser.close());

// open returns a page of the app with an authenticator that says yes, and a way to
// call an operation from that page.
async function open(authenticator = {}) {
  const url = `${env.POOLHOUSE_URL}/app`;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<title>app</title>' }));
  await page.goto(url);
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...authenticator } });
  const call = (name, input) => page.evaluate(async ([endpoint, operation, body]) => {
    const response = await fetch(endpoint, { method: 'POST', body: JSON.stringify(body), headers: {
      'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSCognitoIdentityProviderService.${operation}` } });
    return { status: response.status, ...(await response.json()) };
  }, [`${env.POOLHOUSE_URL}/`, name, input]);
  const make = (options) => page.evaluate(async (json) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }, options);
  const use = (options) => page.evaluate(async (text) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(text));
    return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
  }, options);
  return { context, call, make, use };
}

async function tokenOf(app, USERNAME) {
  const out = await app.call('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME, PASSWORD: Password } });
  assert.equal(out.status, 200, JSON.stringify(out));
  return out.AuthenticationResult.AccessToken;
}

async function register(app, AccessToken) {
  const { CredentialCreationOptions } = await app.call('StartWebAuthnRegistration', { AccessToken });
  return app.call('CompleteWebAuthnRegistration', { AccessToken, Credential: await app.make(CredentialCreationOptions) });
}

const ask = (app, USERNAME) => app.call('InitiateAuth', { ClientId, AuthFlow: 'USER_AUTH', AuthParameters: { USERNAME, PREFERRED_CHALLENGE: 'WEB_AUTHN' } });
const answer = (app, asked, USERNAME, CREDENTIAL) => app.call('RespondToAuthChallenge', { ClientId, ChallengeName: 'WEB_AUTHN',
  Session: asked.Session, ChallengeResponses: { USERNAME, CREDENTIAL } });

test('a passkey is made, used, and dies with its deletion', async () => {
  const app = await open();
  const AccessToken = await tokenOf(app, 'alice');
  const made = await register(app, AccessToken);
  assert.equal(made.status, 200, JSON.stringify(made));
  const { Credentials } = await app.call('ListWebAuthnCredentials', { AccessToken });
  assert.equal(Credentials.length, 1);
  assert.equal(Credentials[0].RelyingPartyId, 'localhost');
  assert.deepEqual(Credentials[0].AuthenticatorTransports, ['internal']);

  const asked = await ask(app, 'alice');
  assert.equal(asked.ChallengeName, 'WEB_AUTHN');
  const credential = await app.use(asked.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
  const done = await answer(app, asked, 'alice', credential);
  assert.ok(done.AuthenticationResult?.AccessToken, JSON.stringify(done));
  assert.equal((await answer(app, asked, 'alice', credential)).__type, 'NotAuthorizedException');

  const deleted = await app.call('DeleteWebAuthnCredential', { AccessToken, CredentialId: Credentials[0].CredentialId });
  assert.equal(deleted.status, 200);
  assert.equal((await ask(app, 'alice')).ChallengeName, 'SELECT_CHALLENGE');
  await app.context.close();
});

test('a passkey of bob does not sign alice in', async () => {
  const app = await open();
  await register(app, await tokenOf(app, 'bob'));
  const asked = await ask(app, 'bob');
  const credential = await app.use(asked.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
  assert.equal((await answer(app, asked, 'alice', credential)).__type, 'NotAuthorizedException');
  assert.ok((await answer(app, asked, 'bob', credential)).AuthenticationResult);
  await app.context.close();
});

test('a browser does not make a second passkey where there is one', async () => {
  const app = await open();
  const AccessToken = await tokenOf(app, 'alice');
  await register(app, AccessToken);
  await assert.rejects(register(app, AccessToken), /InvalidStateError/);
  await app.context.close();
});

test('who does not verify the user is not let in where the pool insists', async () => {
  await admin('SetUserPoolMfaConfig', { UserPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration: { UserVerification: 'required' } });
  const app = await open({ hasUserVerification: true, isUserVerified: false });
  await assert.rejects(register(app, await tokenOf(app, 'alice')), /NotAllowedError/);
  await admin('SetUserPoolMfaConfig', { UserPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration: { UserVerification: 'preferred' } });
  await app.context.close();
});
