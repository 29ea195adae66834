// What users do with their account through amazon-cognito-identity-js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import cognito from 'amazon-cognito-identity-js';
import { lastCode, Password, world, wrongCode } from '../awsjs/world.js';
import { verified } from '../jwt.js';
import { call, poolOf, promised, signIn, userOf } from './rig.js';

const NewPassword = 'Battery-staple-2';
const { CognitoUserAttribute } = cognito;
const attribute = (Name, Value) => new CognitoUserAttribute({ Name, Value });

async function signedIn(pool, map) {
  const w = await world({ pool });
  const name = await w.person(map);
  const u = userOf(w, name);
  const session = await signIn(u, Password);
  return { w, name, u, session };
}

const read = async (u, name) => (await call(u, 'getUserAttributes')).find((a) => a.getName() === name)?.getValue();

test('sign-up, another code, confirmation, sign-in', async () => {
  const w = await world({ pool: { AutoVerifiedAttributes: ['email'] } });
  const email = 'idjs@example.com';
  const made = await call(poolOf(w), 'signUp', 'idjs', Password, [attribute('email', email)], null);
  assert.equal(made.codeDeliveryDetails.Destination, 'i***@e***');
  const u = userOf(w, 'idjs');
  await call(u, 'resendConfirmationCode');
  const wrong = await call(u, 'confirmRegistration', wrongCode(lastCode(email)), true).catch((e) => e);
  assert.equal(wrong.code, 'CodeMismatchException');
  assert.equal(await call(u, 'confirmRegistration', lastCode(email), true), 'SUCCESS');
  const session = await signIn(u, Password);
  await verified(w.UserPoolId, w.ClientId, { AccessToken: session.getAccessToken().getJwtToken(), IdToken: session.getIdToken().getJwtToken() });
});

test('a forgotten password', async () => {
  const { w, name } = await signedIn({}, { email: 'idjs-forgot@example.com', email_verified: 'true' });
  const u = userOf(w, name);
  await promised((cb) => u.forgotPassword(cb));
  const confirm = (code) => promised((cb) => u.confirmPassword(code, NewPassword, cb));
  const code = lastCode('idjs-forgot@example.com');
  assert.equal((await confirm(wrongCode(code)).catch((e) => e)).code, 'CodeMismatchException');
  assert.equal(await confirm(code), 'SUCCESS');
  assert.ok((await signIn(userOf(w, name), NewPassword)).isValid());
  assert.equal((await signIn(userOf(w, name), Password).catch((e) => e)).code, 'NotAuthorizedException');
});

test('attributes: change, verify, delete', async () => {
  const { u } = await signedIn({ AutoVerifiedAttributes: ['email'] }, { email: 'a@example.com', name: 'A' });
  await call(u, 'updateAttributes', [attribute('email', 'idjs-new@example.com'), attribute('nickname', 'n')]);
  assert.equal(await read(u, 'email_verified'), 'false');
  await promised((cb) => u.getAttributeVerificationCode('email', cb));
  assert.equal(await promised((cb) => u.verifyAttribute('email', lastCode('idjs-new@example.com'), cb)), 'SUCCESS');
  assert.deepEqual([await read(u, 'email'), await read(u, 'email_verified'), await read(u, 'nickname')], ['idjs-new@example.com', 'true', 'n']);
  await call(u, 'deleteAttributes', ['nickname']);
  assert.equal(await read(u, 'nickname'), undefined);
});

test('the own password', async () => {
  const { w, name, u } = await signedIn();
  assert.equal((await call(u, 'changePassword', 'Wrong-password-1', NewPassword).catch((e) => e)).code, 'NotAuthorizedException');
  assert.equal(await call(u, 'changePassword', Password, NewPassword), 'SUCCESS');
  assert.ok((await signIn(userOf(w, name), NewPassword)).isValid());
});

test('signing out everywhere', async () => {
  const { w, name, u } = await signedIn();
  const other = await signIn(userOf(w, name), Password);
  assert.equal(await promised((cb) => u.globalSignOut(cb)), 'SUCCESS');
  const refused = await call(userOf(w, name), 'refreshSession', other.getRefreshToken()).catch((e) => e);
  assert.deepEqual([refused.code, refused.message], ['NotAuthorizedException', 'Refresh Token has been revoked']);
});

test('a user leaves', async () => {
  const { w, name, u } = await signedIn();
  assert.equal(await call(u, 'deleteUser'), 'SUCCESS');
  assert.equal((await signIn(userOf(w, name), Password).catch((e) => e)).code, 'UserNotFoundException');
});
