// aws-amplify's Auth, version 6, as apps ship it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as auth from 'aws-amplify/auth';
import { admin, attributes, lastCode, Password, wrongCode } from '../awsjs/world.js';
import { totp } from '../totp.js';
import { app, fails, on, tokens } from './rig.js';

const NewPassword = 'Battery-staple-2';
const step = ({ nextStep }) => nextStep.signInStep ?? nextStep.signUpStep ?? nextStep.resetPasswordStep;

test('sign-up, confirmation, and the sign-in that follows by itself', async () => {
  const w = await app({ AutoVerifiedAttributes: ['email'] });
  const email = 'amplify@example.com';
  const out = await auth.signUp({ username: 'newcomer', password: Password, options: { userAttributes: { email }, autoSignIn: true } });
  assert.equal(step(out), 'CONFIRM_SIGN_UP');
  assert.deepEqual(out.nextStep.codeDeliveryDetails, { attributeName: 'email', deliveryMedium: 'EMAIL', destination: 'a***@e***' });
  await auth.resendSignUpCode({ username: 'newcomer' });
  await fails(auth.confirmSignUp({ username: 'newcomer', confirmationCode: wrongCode(lastCode(email)) }), 'CodeMismatchException', 'Invalid verification code provided, please try again.');
  const confirmed = await auth.confirmSignUp({ username: 'newcomer', confirmationCode: lastCode(email) });
  assert.equal(step(confirmed), 'COMPLETE_AUTO_SIGN_IN');
  assert.equal(step(await auth.autoSignIn()), 'DONE');
  assert.equal((await tokens(w)).id.email, email);
  await auth.signOut();
});

test('a sign-in before the sign-up is confirmed', async () => {
  await app();
  const username = 'hasty';
  assert.equal((await auth.signUp({ username, password: Password })).isSignUpComplete, false);
  assert.equal(step(await auth.signIn({ username, password: Password })), 'CONFIRM_SIGN_UP');
  await fails(auth.signUp({ username, password: Password }), 'UsernameExistsException', 'User already exists');
});

test('SRP, the session, and signing out everywhere', async () => {
  const w = await app();
  const username = await w.person({ email: 'srp@example.com' });
  await fails(auth.signIn({ username, password: 'Wrong-password-1' }), 'NotAuthorizedException', 'Incorrect username or password.');
  await fails(auth.signIn({ username: 'nobody', password: Password }), 'UserNotFoundException', 'User does not exist.');
  assert.equal(step(await auth.signIn({ username, password: Password })), 'DONE');
  const me = await auth.getCurrentUser();
  assert.equal(me.username, username);
  const first = await tokens(w);
  assert.equal(first.access.sub, me.userId);
  const again = await tokens(w, { forceRefresh: true });
  assert.notEqual(again.access.jti, first.access.jti);
  assert.equal(again.access.auth_time, first.access.auth_time);
  const elsewhere = await w.signIn(username);
  await auth.signOut({ global: true });
  await assert.rejects(w.refresh(elsewhere.RefreshToken), { name: 'NotAuthorizedException', message: 'Refresh Token has been revoked' });
  await assert.rejects(auth.getCurrentUser(), { name: 'UserUnAuthenticatedException' });
});

test('sign-out revokes the refresh token that the app had', async () => {
  const w = await app();
  const username = await w.person();
  const kept = on(w);
  await auth.signIn({ username, password: Password });
  const [, refreshToken] = [...kept.items].find(([key]) => key.endsWith('.refreshToken'));
  await auth.signOut();
  await assert.rejects(w.refresh(refreshToken), { name: 'NotAuthorizedException', message: 'Refresh Token has been revoked' });
});

test('USER_PASSWORD_AUTH', async () => {
  const w = await app();
  const username = await w.person();
  assert.equal(step(await auth.signIn({ username, password: Password, options: { authFlowType: 'USER_PASSWORD_AUTH' } })), 'DONE');
  await tokens(w);
  await auth.signOut();
});

test('a temporary password', async () => {
  const w = await app();
  await admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username: 'invited', TemporaryPassword: 'Temporary-1', MessageAction: 'SUPPRESS', UserAttributes: attributes({ email: 'i@example.com' }) });
  assert.equal(step(await auth.signIn({ username: 'invited', password: 'Temporary-1' })), 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED');
  await fails(auth.confirmSignIn({ challengeResponse: 'weak' }), 'InvalidPasswordException', 'Password did not conform with password policy: Password not long enough');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: NewPassword, options: { userAttributes: { name: 'I' } } })), 'DONE');
  assert.equal((await tokens(w)).id.name, 'I');
  await auth.signOut();
});

test('a forgotten password', async () => {
  const w = await app();
  const username = await w.person({ email: 'forgetful@example.com', email_verified: 'true' });
  const out = await auth.resetPassword({ username });
  assert.equal(step(out), 'CONFIRM_RESET_PASSWORD_WITH_CODE');
  assert.equal(out.nextStep.codeDeliveryDetails.destination, 'f***@e***');
  await auth.confirmResetPassword({ username, confirmationCode: lastCode('forgetful@example.com'), newPassword: NewPassword });
  await fails(auth.signIn({ username, password: Password }), 'NotAuthorizedException', 'Incorrect username or password.');
  assert.equal(step(await auth.signIn({ username, password: NewPassword })), 'DONE');
  await auth.signOut();
  await admin('AdminResetUserPassword', { UserPoolId: w.UserPoolId, Username: username });
  assert.equal(step(await auth.signIn({ username, password: NewPassword })), 'RESET_PASSWORD');
});

test('attributes, their verification, and the password', async () => {
  const w = await app({ AutoVerifiedAttributes: ['email'] });
  const username = await w.person({ email: 'old@example.com', email_verified: 'true', name: 'A' });
  await auth.signIn({ username, password: Password });
  const updated = await auth.updateUserAttributes({ userAttributes: { email: 'changed@example.com', nickname: 'n' } });
  assert.equal(updated.email.nextStep.updateAttributeStep, 'CONFIRM_ATTRIBUTE_WITH_CODE');
  assert.equal(updated.nickname.isUpdated, true);
  await auth.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: lastCode('changed@example.com') });
  const seen = await auth.fetchUserAttributes();
  assert.deepEqual([seen.email, seen.email_verified, seen.nickname, seen.name], ['changed@example.com', 'true', 'n', 'A']);
  assert.equal((await auth.sendUserAttributeVerificationCode({ userAttributeKey: 'email' })).destination, 'c***@e***');
  await auth.deleteUserAttributes({ userAttributeKeys: ['nickname'] });
  assert.equal((await auth.fetchUserAttributes()).nickname, undefined);
  await auth.updatePassword({ oldPassword: Password, newPassword: NewPassword });
  await auth.signOut();
  assert.equal(step(await auth.signIn({ username, password: NewPassword })), 'DONE');
  await auth.signOut();
});

test('an authenticator app: set up, preferred, asked for', async () => {
  const w = await app();
  await admin('SetUserPoolMfaConfig', { UserPoolId: w.UserPoolId, MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } });
  const username = await w.person();
  await auth.signIn({ username, password: Password });
  const setup = await auth.setUpTOTP();
  assert.match(setup.getSetupUri('App').href, /^otpauth:\/\/totp\//);
  await auth.verifyTOTPSetup({ code: totp(setup.sharedSecret), options: { friendlyDeviceName: 'phone' } });
  await auth.updateMFAPreference({ totp: 'PREFERRED' });
  assert.deepEqual(await auth.fetchMFAPreference(), { enabled: ['TOTP'], preferred: 'TOTP' });
  await auth.signOut();
  assert.equal(step(await auth.signIn({ username, password: Password })), 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
  const code = totp(setup.sharedSecret, 1);
  await fails(auth.confirmSignIn({ challengeResponse: wrongCode(code) }), 'CodeMismatchException', 'Invalid code received for user');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: code })), 'DONE');
  await tokens(w);
  await auth.signOut();
});

test('an authenticator app that the sign-in wants set up', async () => {
  const w = await app();
  await admin('SetUserPoolMfaConfig', { UserPoolId: w.UserPoolId, MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true } });
  const username = await w.person();
  const asked = await auth.signIn({ username, password: Password });
  assert.equal(step(asked), 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: totp(asked.nextStep.totpSetupDetails.sharedSecret) })), 'DONE');
  await tokens(w);
  await auth.signOut();
});

test('the choice of a second factor', async () => {
  const w = await app();
  await admin('SetUserPoolMfaConfig', { UserPoolId: w.UserPoolId, MfaConfiguration: 'ON', EmailMfaConfiguration: {}, SmsMfaConfiguration: { SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sns' } } });
  const username = await w.person({ email: 'choice@example.com', phone_number: '+15555550199' });
  const asked = await auth.signIn({ username, password: Password });
  assert.equal(step(asked), 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION');
  assert.deepEqual(asked.nextStep.allowedMFATypes.sort(), ['EMAIL', 'SMS']);
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: 'EMAIL' })), 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: lastCode('choice@example.com') })), 'DONE');
  await auth.signOut();
});

test('a device: confirmed by itself, remembered, listed, forgotten', async () => {
  const w = await app({ DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true } });
  const username = await w.person({ email: 'amplify-device@example.com' });
  assert.equal(step(await auth.signIn({ username, password: Password })), 'DONE');
  await auth.rememberDevice();
  const [device, ...more] = await auth.fetchDevices();
  assert.deepEqual(more, []);
  assert.ok(device.createDate instanceof Date);
  await tokens(w, { forceRefresh: true });
  await auth.signOut();
  await admin('SetUserPoolMfaConfig', { UserPoolId: w.UserPoolId, MfaConfiguration: 'ON', EmailMfaConfiguration: {} });
  assert.equal(step(await auth.signIn({ username, password: Password })), 'DONE', 'the device took the place of the code');
  assert.deepEqual((await auth.fetchDevices()).map((d) => d.id), [device.id]);
  await auth.forgetDevice();
  assert.deepEqual(await auth.fetchDevices(), []);
  await auth.signOut();
  assert.equal(step(await auth.signIn({ username, password: Password })), 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: lastCode('amplify-device@example.com') })), 'DONE');
  await auth.signOut();
});

const choice = { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP'] } }, AutoVerifiedAttributes: ['email'] };
const userAuth = { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] };

test('USER_AUTH: a code by e-mail, chosen or preferred, and the password', async () => {
  const w = await app(choice, userAuth);
  const email = 'amplify-otp@example.com';
  const username = await w.person({ email, email_verified: 'true' });
  const asked = await auth.signIn({ username, options: { authFlowType: 'USER_AUTH' } });
  assert.equal(step(asked), 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION');
  assert.ok(asked.nextStep.availableChallenges.includes('EMAIL_OTP'));
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: 'EMAIL_OTP' })), 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: lastCode(email) })), 'DONE');
  await tokens(w);
  await auth.signOut();
  assert.equal(step(await auth.signIn({ username, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'EMAIL_OTP' } })), 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
  await fails(auth.confirmSignIn({ challengeResponse: wrongCode(lastCode(email)) }), 'CodeMismatchException', 'Invalid code or auth state for the user.');
  assert.equal(step(await auth.confirmSignIn({ challengeResponse: lastCode(email) })), 'DONE');
  await auth.signOut();
  for (const preferredChallenge of ['PASSWORD', 'PASSWORD_SRP']) {
    assert.equal(step(await auth.signIn({ username, password: Password, options: { authFlowType: 'USER_AUTH', preferredChallenge } })), 'DONE');
    await auth.signOut();
  }
});

test('a sign-up without a password', async () => {
  const w = await app(choice, userAuth);
  const email = 'amplify-free@example.com';
  await auth.signUp({ username: 'free', options: { userAttributes: { email }, autoSignIn: { authFlowType: 'USER_AUTH' } } });
  assert.equal(step(await auth.confirmSignUp({ username: 'free', confirmationCode: lastCode(email) })), 'COMPLETE_AUTO_SIGN_IN');
  assert.equal(step(await auth.autoSignIn()), 'DONE');
  await tokens(w);
  await auth.signOut();
});

test('a user leaves', async () => {
  const w = await app();
  const username = await w.person();
  await auth.signIn({ username, password: Password });
  await auth.deleteUser();
  await assert.rejects(auth.getCurrentUser(), { name: 'UserUnAuthenticatedException' });
  await fails(auth.signIn({ username, password: Password }), 'UserNotFoundException', 'User does not exist.');
});
