// amazon-cognito-identity-js, as apps ship it, against one server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import cognito from 'amazon-cognito-identity-js';
import { verified } from '../jwt.js';
import { call } from './rig.js';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = cognito;
const env = process.env;

function pool() {
  return new CognitoUserPool({
    UserPoolId: env.POOLHOUSE_POOL_ID, ClientId: env.POOLHOUSE_CLIENT_ID, endpoint: env.POOLHOUSE_URL,
  });
}

function user(username = env.POOLHOUSE_USERNAME) {
  return new CognitoUser({ Username: username, Pool: pool() });
}

// signIn resolves to a session, as SRP ends in one, and rejects as it fails.
function signIn(u, password = env.POOLHOUSE_PASSWORD) {
  return new Promise((onSuccess, onFailure) => {
    u.authenticateUser(new AuthenticationDetails({ Username: u.getUsername(), Password: password }), {
      onSuccess, onFailure, newPasswordRequired: () => onFailure(new Error('new password required')),
    });
  });
}

test('SRP sign-in ends in tokens that aws-jwt-verify accepts', async () => {
  const session = await signIn(user());
  assert.ok(session.isValid());
  await verified(env.POOLHOUSE_POOL_ID, env.POOLHOUSE_CLIENT_ID, { AccessToken: session.getAccessToken().getJwtToken(), IdToken: session.getIdToken().getJwtToken() });
  assert.equal(session.getIdToken().payload.email, env.POOLHOUSE_EMAIL);
  assert.equal(session.getAccessToken().payload.scope, 'aws.cognito.signin.user.admin');
});

test('a wrong password is refused as an unknown user is', async () => {
  const wrong = await signIn(user(), 'Wrong-password-1').catch((e) => e);
  const unknown = await signIn(user('nobody-of-that-name')).catch((e) => e);
  for (const e of [wrong, unknown]) {
    assert.equal(e.code, 'NotAuthorizedException');
    assert.equal(e.message, 'Incorrect username or password.');
  }
});

test('user data, refresh, and sign-out everywhere', async () => {
  const u = user();
  const session = await signIn(u);
  const data = await call(u, 'getUserData');
  assert.equal(data.Username, env.POOLHOUSE_USERNAME);

  const refreshed = await call(u, 'refreshSession', session.getRefreshToken());
  assert.notEqual(refreshed.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
  assert.equal(refreshed.getIdToken().payload.auth_time, session.getIdToken().payload.auth_time);

  const other = user();
  await signIn(other);
  await new Promise((onSuccess, onFailure) => u.globalSignOut({ onSuccess, onFailure }));
  const denied = await call(other, 'getUserData').catch((e) => e);
  assert.equal(denied.code, 'NotAuthorizedException');
  assert.equal(denied.message, 'Access Token has been revoked');
});

test('sign-out revokes the refresh token', async () => {
  const u = user();
  const session = await signIn(u);
  await new Promise((resolve) => u.signOut(resolve));
  const refused = await call(user(), 'refreshSession', session.getRefreshToken()).catch((e) => e);
  assert.equal(refused.code, 'NotAuthorizedException');
});

test('sign-up, with a code that is wrong', async () => {
  const name = `new-${Math.random().toString(36).slice(2)}`;
  const { CognitoUserAttribute } = cognito;
  const attributes = [new CognitoUserAttribute({ Name: 'email', Value: `${name}@example.com` })];
  const result = await call(pool(), 'signUp', name, 'Fresh-password-3', attributes, null);
  assert.equal(result.userConfirmed, false);
  const early = await signIn(user(name), 'Fresh-password-3').catch((e) => e);
  assert.equal(early.code, 'UserNotConfirmedException');
  const wrong = await call(user(name), 'confirmRegistration', '000000', true).catch((e) => e);
  assert.equal(wrong.code, 'CodeMismatchException');
  const twice = await call(pool(), 'signUp', name, 'Fresh-password-3', attributes, null).catch((e) => e);
  assert.equal(twice.code, 'UsernameExistsException');
  const weak = await call(pool(), 'signUp', `${name}2`, 'weak', attributes, null).catch((e) => e);
  assert.equal(weak.code, 'InvalidPasswordException');
});
