// Sign-up, its codes, and forgotten passwords.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, attributes, lastCode, makeClient, messages, Password, user, valueOf, world, wrongCode } from './world.js';

const mismatch = ['CodeMismatchException', 'Invalid verification code provided, please try again.'];
const expired = ['ExpiredCodeException', 'Invalid code provided, please request a code again.'];
const limited = ['LimitExceededException', 'Attempt limit exceeded, please try after some time.'];
const autoVerified = { pool: { AutoVerifiedAttributes: ['email'] } };

const signUp = (w, Username, map = {}, rest = {}) => user('SignUp', { ClientId: w.ClientId, Username, Password, UserAttributes: attributes(map), ...rest });

works('SignUp ResendConfirmationCode ConfirmSignUp', 'a stranger becomes a user', async () => {
  const w = await world(autoVerified);
  const { ClientId } = w;
  const email = 'stranger@example.com';
  const out = await signUp(w, 'stranger', { email });
  assert.equal(out.UserConfirmed, false);
  assert.deepEqual(out.CodeDeliveryDetails, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 's***@e***' });
  assert.equal(valueOf((await w.get('stranger')).UserAttributes, 'sub'), out.UserSub);
  await refused(w.start('stranger'), 'UserNotConfirmedException', 'User is not confirmed.');
  await refused(admin('AdminInitiateAuth', { UserPoolId: w.UserPoolId, ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'stranger', PASSWORD: Password } }), 'UserNotConfirmedException', 'User is not confirmed.');

  const first = lastCode(email);
  const resent = await user('ResendConfirmationCode', { ClientId, Username: 'stranger' });
  assert.deepEqual(resent.CodeDeliveryDetails, out.CodeDeliveryDetails);
  const code = lastCode(email);
  const confirm = (ConfirmationCode) => user('ConfirmSignUp', { ClientId, Username: 'stranger', ConfirmationCode });
  await refused(confirm(wrongCode(code)), ...mismatch);
  if (first !== code) await refused(confirm(first), ...mismatch); // a new code kills the last
  await confirm(code);
  const { UserStatus, UserAttributes } = await w.get('stranger');
  assert.deepEqual([UserStatus, valueOf(UserAttributes, 'email_verified')], ['CONFIRMED', 'true']);
  assert.ok((await w.signIn('stranger')).AccessToken);

  await refused(confirm(code), 'NotAuthorizedException', 'User cannot be confirmed. Current status is CONFIRMED');
  await refused(user('ResendConfirmationCode', { ClientId, Username: 'stranger' }), 'InvalidParameterException', 'User is already confirmed.');
  await refused(signUp(w, 'stranger'), 'UsernameExistsException', 'User already exists');
});

test('what a sign-up may not be', async () => {
  const w = await world({ pool: { Schema: [{ Name: 'email', Required: true }, { Name: 'plan', AttributeDataType: 'String' }] } });
  const email = 'x@example.com';
  for (const [given, why] of [['short', 'Password not long enough'], ['all-lower-1', 'Password must have uppercase characters'], ['ALL-UPPER-1', 'Password must have lowercase characters'], ['No-numbers', 'Password must have numeric characters'], ['NoSymbols1', 'Password must have symbol characters']]) {
    await refused(signUp(w, 'x', { email }, { Password: given }), 'InvalidPasswordException', `Password does not conform to policy: ${why}`);
  }
  await refused(signUp(w, 'x'), 'InvalidParameterException', 'Attributes did not conform to the schema: email: The attribute is required\n');
  await refused(signUp(w, 'x', { email, email_verified: 'true' }), 'NotAuthorizedException', 'A client attempted to write unauthorized attribute');
  await refused(signUp(w, 'x', { email, 'custom:plan': 'gold' }), 'NotAuthorizedException', 'A client attempted to write unauthorized attribute');
  const closed = await world({ pool: { AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } } });
  await refused(signUp(closed, 'x'), 'NotAuthorizedException', 'SignUp is not permitted for this user pool');
  await refused(user('ResendConfirmationCode', { ClientId: w.ClientId, Username: (await signUp(w, 'quiet', { email }), 'quiet') }), 'NotAuthorizedException', 'Cannot resend codes. Auto verification not turned on.');
  const named = await world({ pool: { UsernameAttributes: ['email'] } });
  await refused(signUp(named, 'nobody'), 'InvalidParameterException', 'Username should be an email.');
  await signUp(named, email);
  await refused(signUp(named, email), 'UsernameExistsException', 'An account with the given email already exists.');
});

test('a phone number that is verified too gets the code', async () => {
  const w = await world({ pool: { AutoVerifiedAttributes: ['email', 'phone_number'] } });
  const { CodeDeliveryDetails } = await signUp(w, 'caller', { email: 'caller@example.com', phone_number: '+15555551234' });
  assert.deepEqual(CodeDeliveryDetails, { AttributeName: 'phone_number', DeliveryMedium: 'SMS', Destination: '+*******1234' });
  assert.equal(messages('caller@example.com').length, 0);
});

test('an alias of somebody else is not taken without force', async () => {
  const w = await world({ pool: { AutoVerifiedAttributes: ['email'], AliasAttributes: ['email'] } });
  const email = 'shared@example.com';
  await w.person({ email, email_verified: 'true' }, 'owner');
  await signUp(w, 'second', { email });
  const confirm = (rest) => user('ConfirmSignUp', { ClientId: w.ClientId, Username: 'second', ConfirmationCode: lastCode(email), ...rest });
  await refused(confirm(), 'AliasExistsException', 'An account with the email already exists.');
  await confirm({ ForceAliasCreation: true });
  assert.equal((await w.get(email)).Username, 'second');
});

test('a code whose address was changed meanwhile has expired', async () => {
  const w = await world(autoVerified);
  const email = 'moved@example.com';
  await signUp(w, 'moved', { email });
  await admin('AdminUpdateUserAttributes', { UserPoolId: w.UserPoolId, Username: 'moved', UserAttributes: attributes({ email: 'else@example.com' }) });
  await refused(user('ConfirmSignUp', { ClientId: w.ClientId, Username: 'moved', ConfirmationCode: lastCode(email) }), ...expired);
});

test('messages and guesses are limited', async () => {
  const w = await world(autoVerified);
  const { ClientId } = w;
  const email = 'limited@example.com';
  for (const name of ['l1', 'l2', 'l3', 'l4', 'l5']) await signUp(w, name, { email });
  await refused(signUp(w, 'l6', { email }), ...limited);
  for (let i = 0; i < 5; i += 1) await user('ResendConfirmationCode', { ClientId, Username: 'l1' });
  await refused(user('ResendConfirmationCode', { ClientId, Username: 'l1' }), ...limited);
  const wrong = wrongCode(lastCode(email));
  const guess = () => user('ConfirmSignUp', { ClientId, Username: 'l2', ConfirmationCode: wrong });
  for (let i = 0; i < 15; i += 1) await refused(guess(), 'CodeMismatchException');
  await refused(guess(), ...limited);
});

works('AdminConfirmSignUp', 'an administrator confirms', async () => {
  const w = await world(autoVerified);
  await signUp(w, 'helped', { email: 'helped@example.com' });
  const confirm = () => admin('AdminConfirmSignUp', { UserPoolId: w.UserPoolId, Username: 'helped' });
  await confirm();
  const { UserStatus, UserAttributes } = await w.get('helped');
  assert.deepEqual([UserStatus, valueOf(UserAttributes, 'email_verified')], ['CONFIRMED', 'false'], 'nobody proved the address');
  assert.ok((await w.signIn('helped')).AccessToken);
  await refused(confirm(), 'NotAuthorizedException', 'User cannot be confirmed. Current status is CONFIRMED');
});

works('ForgotPassword ConfirmForgotPassword', 'a forgotten password', async () => {
  const w = await world({ pool: { Policies: { PasswordPolicy: { MinimumLength: 8, PasswordHistorySize: 3 } } } });
  const { ClientId } = w;
  const email = 'forgot@example.com';
  const Username = await w.person({ email, email_verified: 'true' });
  const { RefreshToken } = await w.signIn(Username);
  const confirm = (ConfirmationCode, next = 'Battery-staple-2') => user('ConfirmForgotPassword', { ClientId, Username, ConfirmationCode, Password: next });
  await refused(confirm('123456'), ...expired);
  const { CodeDeliveryDetails } = await user('ForgotPassword', { ClientId, Username });
  assert.deepEqual(CodeDeliveryDetails, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'f***@e***' });
  const code = lastCode(email);
  await refused(confirm(wrongCode(code)), ...mismatch);
  await refused(confirm(code, 'weak'), 'InvalidPasswordException', 'Password does not conform to policy: Password not long enough');
  await refused(confirm(code, Password), 'PasswordHistoryPolicyViolationException');
  await confirm(code);
  await refused(w.start(Username), 'NotAuthorizedException', 'Incorrect username or password.');
  await refused(w.refresh(RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
  assert.ok((await w.signIn(Username, 'Battery-staple-2')).AccessToken);
  await refused(confirm(code, 'Third-password-3'), ...expired);
});

test('who cannot reset a password', async () => {
  const w = await world();
  const forgot = (Username) => user('ForgotPassword', { ClientId: w.ClientId, Username });
  await refused(forgot(await w.person({ email: 'unverified@example.com' })), 'InvalidParameterException', 'Cannot reset password for the user as there is no registered/verified email or phone_number');
  await admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username: 'invited', MessageAction: 'SUPPRESS', UserAttributes: attributes({ email: 'i@example.com', email_verified: 'true' }) });
  await refused(forgot('invited'), 'NotAuthorizedException', 'User password cannot be reset in the current state.');
  const disabled = await w.person({ email: 'd@example.com', email_verified: 'true' });
  await admin('AdminDisableUser', { UserPoolId: w.UserPoolId, Username: disabled });
  await refused(forgot(disabled), 'NotAuthorizedException', 'User is disabled.');
  await refused(user('ConfirmForgotPassword', { ClientId: w.ClientId, Username: disabled, ConfirmationCode: '123456', Password }), 'NotAuthorizedException', 'User is disabled.');
  await refused(user('ResendConfirmationCode', { ClientId: w.ClientId, Username: disabled }), 'NotAuthorizedException', 'User is disabled.');

  const often = await w.person({ email: 'often@example.com', email_verified: 'true' });
  for (let i = 0; i < 5; i += 1) await forgot(often);
  await refused(forgot(often), ...limited);
  const wrong = wrongCode(lastCode('often@example.com'));
  const guess = () => user('ConfirmForgotPassword', { ClientId: w.ClientId, Username: often, ConfirmationCode: wrong, Password });
  for (let i = 0; i < 10; i += 1) await refused(guess(), 'CodeMismatchException');
  await refused(guess(), ...limited);
});

test('a client that hides who exists tells strangers nothing', async () => {
  const w = await world({ pool: { AutoVerifiedAttributes: ['email'] }, client: { PreventUserExistenceErrors: 'ENABLED' } });
  const { ClientId } = w;
  const at = { ClientId, Username: 'nobody' };
  for (const operation of ['ForgotPassword', 'ResendConfirmationCode']) {
    const { CodeDeliveryDetails } = await user(operation, at);
    assert.deepEqual((await user(operation, at)).CodeDeliveryDetails, CodeDeliveryDetails, 'the same at each call');
    assert.match(CodeDeliveryDetails.Destination, /^\w\*\*\*@\w\*\*\*$/);
  }
  await refused(user('ConfirmForgotPassword', { ...at, ConfirmationCode: '123456', Password }), ...mismatch);
  await refused(user('ConfirmForgotPassword', { ClientId, Username: 'nobody-else', ConfirmationCode: '123456', Password }), ...expired);
  await refused(user('ConfirmSignUp', { ...at, ConfirmationCode: '123456' }), ...expired);
  await refused(w.start('nobody'), 'NotAuthorizedException', 'Incorrect username or password.');
});

test('operations that name no user by token want the secret hash', async () => {
  const w = await world({ client: { GenerateSecret: true } });
  const { ClientId } = w;
  const Username = 'anybody';
  const inputs = { SignUp: { Password }, ConfirmSignUp: { ConfirmationCode: '123456' }, ResendConfirmationCode: {}, ForgotPassword: {}, ConfirmForgotPassword: { ConfirmationCode: '123456', Password } };
  for (const [operation, rest] of Object.entries(inputs)) {
    await refused(user(operation, { ClientId, Username, ...rest }), 'NotAuthorizedException', `Client ${ClientId} is configured with secret but SECRET_HASH was not received`);
    await refused(user(operation, { ClientId, Username, SecretHash: 'wrong', ...rest }), 'NotAuthorizedException', `Unable to verify secret hash for client ${ClientId}`);
  }
  const open = await makeClient(w.UserPoolId);
  await user('SignUp', { ClientId: open.ClientId, Username, Password });
});
