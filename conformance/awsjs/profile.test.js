// What users do with their own account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { attributes, lastCode, messages, Password, user, valueOf, world, wrongCode } from './world.js';

const limited = ['LimitExceededException', 'Attempt limit exceeded, please try after some time.'];

async function signedIn(options, map = {}) {
  const w = await world(options);
  const Username = await w.person(map);
  const { AccessToken } = await w.signIn(Username);
  const read = async (name) => valueOf((await user('GetUser', { AccessToken })).UserAttributes, name);
  return { ...w, Username, AccessToken, read };
}

works('GetUser', 'the user of a token, as far as the client may read', async () => {
  const { AccessToken, Username } = await signedIn({ client: { ReadAttributes: ['email'] } }, { email: 'a@example.com', name: 'A' });
  const me = await user('GetUser', { AccessToken });
  assert.equal(me.Username, Username);
  assert.deepEqual(me.UserAttributes.map((a) => a.Name).sort(), ['email', 'sub']);
  assert.equal(me.UserStatus, undefined);
});

works('UpdateUserAttributes DeleteUserAttributes', 'own attributes', async () => {
  const { AccessToken, read } = await signedIn({ pool: { AutoVerifiedAttributes: ['email'], Schema: [{ Name: 'note', AttributeDataType: 'String', DeveloperOnlyAttribute: true }] } }, { email: 'a@example.com', email_verified: 'true' });
  const update = (map) => user('UpdateUserAttributes', { AccessToken, UserAttributes: attributes(map) });
  assert.deepEqual((await update({ name: 'A' })).CodeDeliveryDetailsList, []);
  const { CodeDeliveryDetailsList } = await update({ email: 'b@example.com' });
  assert.deepEqual(CodeDeliveryDetailsList, [{ AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'b***@e***' }]);
  assert.deepEqual([await read('name'), await read('email'), await read('email_verified')], ['A', 'b@example.com', 'false']);
  await user('DeleteUserAttributes', { AccessToken, UserAttributeNames: ['name'] });
  assert.equal(await read('name'), undefined);
  for (const name of ['email_verified', 'dev:custom:note']) {
    await refused(update({ [name]: 'true' }), 'NotAuthorizedException', 'A client attempted to write unauthorized attribute');
    await refused(user('DeleteUserAttributes', { AccessToken, UserAttributeNames: [name] }), 'NotAuthorizedException', 'A client attempted to write unauthorized attribute');
  }
  await refused(update({ birthdate: '1990' }), 'InvalidParameterException', /^Attributes did not conform to the schema: birthdate: /);
  await refused(update({ phone_number: '123' }), 'InvalidParameterException', 'Invalid phone number format.');
});

works('GetUserAttributeVerificationCode VerifyUserAttribute', 'an address is verified', async () => {
  const email = 'verify@example.com';
  const { AccessToken, read } = await signedIn({ pool: { AliasAttributes: ['email'] } }, { email });
  const verify = (Code) => user('VerifyUserAttribute', { AccessToken, AttributeName: 'email', Code });
  await refused(verify('123456'), 'ExpiredCodeException', 'Invalid code provided, please request a code again.');
  const { CodeDeliveryDetails } = await user('GetUserAttributeVerificationCode', { AccessToken, AttributeName: 'email' });
  assert.deepEqual(CodeDeliveryDetails, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'v***@e***' });
  const code = lastCode(email);
  await refused(verify(wrongCode(code)), 'CodeMismatchException', 'Invalid verification code provided, please try again.');
  await verify(code);
  assert.equal(await read('email_verified'), 'true');
  await refused(verify(code), 'ExpiredCodeException');
  await refused(user('GetUserAttributeVerificationCode', { AccessToken, AttributeName: 'phone_number' }), 'InvalidParameterException');
  for (let i = 0; i < 4; i += 1) await user('GetUserAttributeVerificationCode', { AccessToken, AttributeName: 'email' });
  await refused(user('GetUserAttributeVerificationCode', { AccessToken, AttributeName: 'email' }), ...limited);
  const wrong = wrongCode(lastCode(email));
  for (let i = 0; i < 11; i += 1) await refused(verify(wrong), 'CodeMismatchException');
  await refused(verify(wrong), ...limited);
});

works('UpdateUserAttributes VerifyUserAttribute', 'the old address counts until the new one is verified', async () => {
  const pool = { AutoVerifiedAttributes: ['email'], AliasAttributes: ['email'], UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] } };
  const { AccessToken, read, person, get, Username } = await signedIn({ pool }, { email: 'old@example.com', email_verified: 'true' });
  await user('UpdateUserAttributes', { AccessToken, UserAttributes: attributes({ email: 'new@example.com' }) });
  assert.deepEqual([await read('email'), await read('email_verified')], ['old@example.com', 'true']);
  await user('VerifyUserAttribute', { AccessToken, AttributeName: 'email', Code: lastCode('new@example.com') });
  assert.deepEqual([await read('email'), await read('email_verified')], ['new@example.com', 'true']);
  assert.equal((await get('new@example.com')).Username, Username);
  assert.equal(messages('old@example.com').length, 0);

  await person({ email: 'taken@example.com', email_verified: 'true' });
  await user('UpdateUserAttributes', { AccessToken, UserAttributes: attributes({ email: 'taken@example.com' }) });
  await refused(user('VerifyUserAttribute', { AccessToken, AttributeName: 'email', Code: lastCode('taken@example.com') }), 'AliasExistsException', 'An account with the email already exists.');
});

test('an alias that another user has is not taken', async () => {
  const { AccessToken, person } = await signedIn({ pool: { AliasAttributes: ['preferred_username'] } });
  await person({ preferred_username: 'ace' });
  await refused(user('UpdateUserAttributes', { AccessToken, UserAttributes: attributes({ preferred_username: 'ace' }) }), 'AliasExistsException', 'An account with the preferred_username already exists.');
});

works('ChangePassword', 'own password', async () => {
  const w = await signedIn({ pool: { Policies: { PasswordPolicy: { MinimumLength: 8, PasswordHistorySize: 2 } } } });
  const { AccessToken, Username } = w;
  const change = (PreviousPassword, ProposedPassword) => user('ChangePassword', { AccessToken, PreviousPassword, ProposedPassword });
  await change(Password, 'Battery-staple-2');
  assert.ok((await w.signIn(Username, 'Battery-staple-2')).AccessToken);
  await refused(w.start(Username), 'NotAuthorizedException', 'Incorrect username or password.');
  assert.equal((await user('GetUser', { AccessToken })).Username, Username, 'tokens live on');
  await refused(change(Password, 'Third-password-3'), 'NotAuthorizedException', 'Incorrect username or password.');
  await refused(change('Battery-staple-2', 'short'), 'InvalidPasswordException', 'Password does not conform to policy: Password not long enough');
  await refused(change('Battery-staple-2', Password), 'PasswordHistoryPolicyViolationException');
  for (let i = 0; i < 2; i += 1) await refused(change(Password, 'Third-password-3'), 'NotAuthorizedException');
  await refused(change(Password, 'Third-password-3'), ...limited);
});

works('DeleteUser', 'a user leaves', async () => {
  const { AccessToken, Username, get, start } = await signedIn();
  await user('DeleteUser', { AccessToken });
  await refused(get(Username), 'UserNotFoundException', 'User does not exist.');
  await refused(start(Username), 'UserNotFoundException', 'User does not exist.');
  await refused(user('DeleteUser', { AccessToken }), 'UserNotFoundException', 'User does not exist.');
});

works('GlobalSignOut', 'a user signs out everywhere', async () => {
  const w = await signedIn();
  const other = await w.signIn(w.Username);
  await user('GlobalSignOut', { AccessToken: w.AccessToken });
  for (const AccessToken of [w.AccessToken, other.AccessToken]) await refused(user('GetUser', { AccessToken }), 'NotAuthorizedException', 'Access Token has been revoked');
  await refused(w.refresh(other.RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
});
