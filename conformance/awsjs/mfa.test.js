// Second factors through the AWS SDK for JavaScript v3, in a pool of their own.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { app, env, refused, root } from './clients.js';
import { totp } from '../totp.js';

const Password = 'Correct-horse-1';

// world makes a pool with a client and one user.
async function world(config, attributes = []) {
  const { UserPool } = await root('idp', 'CreateUserPool', { PoolName: 'mfa' });
  const UserPoolId = UserPool.Id;
  const { UserPoolClient: { ClientId } } = await root('idp', 'CreateUserPoolClient', { UserPoolId, ClientName: 'mfa', ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] });
  const Username = `mfa-${UserPoolId.split('_')[1]}`.toLowerCase();
  await root('idp', 'AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS', UserAttributes: attributes });
  await root('idp', 'AdminSetUserPassword', { UserPoolId, Username, Password, Permanent: true });
  const set = await root('idp', 'SetUserPoolMfaConfig', { UserPoolId, ...config });
  assert.equal(set.MfaConfiguration, config.MfaConfiguration);
  const signIn = () => app('idp', 'InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password } });
  const respond = ({ ChallengeName, Session }, responses) => app('idp', 'RespondToAuthChallenge', { ClientId, ChallengeName, Session, ChallengeResponses: { USERNAME: Username, ...responses } });
  return { UserPoolId, ClientId, Username, signIn, respond };
}

// lastCode returns the code of the newest message to an address.
function lastCode(to) {
  const dir = env.POOLHOUSE_MAIL_DIR;
  for (const name of readdirSync(dir).filter((n) => n.endsWith('.json')).sort().reverse()) {
    const mail = JSON.parse(readFileSync(join(dir, name), 'utf8'));
    if (mail.To === to) return mail.Body.match(/\b\d{6}\b/)[0];
  }
  throw new Error(`no message to ${to}`);
}

const TOTP = { SoftwareTokenMfaConfiguration: { Enabled: true } };

test('TOTP: associate, verify, prefer, sign in, never twice', async () => {
  const w = await world({ MfaConfiguration: 'OPTIONAL', ...TOTP });
  const { AccessToken } = (await w.signIn()).AuthenticationResult;
  const { SecretCode, Session } = await app('idp', 'AssociateSoftwareToken', { AccessToken });
  assert.equal(Session, undefined);
  await refused(app('idp', 'SetUserMFAPreference', { AccessToken, SoftwareTokenMfaSettings: { Enabled: true } }), 'InvalidParameterException', 'User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA');
  await refused(app('idp', 'VerifySoftwareToken', { AccessToken, UserCode: '000000' === totp(SecretCode) ? '000001' : '000000' }), 'EnableSoftwareTokenMFAException', 'Code mismatch and fail enable Software Token MFA');
  assert.equal((await app('idp', 'VerifySoftwareToken', { AccessToken, UserCode: totp(SecretCode, -1), FriendlyDeviceName: 'phone' })).Status, 'SUCCESS');
  await app('idp', 'SetUserMFAPreference', { AccessToken, SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } });
  const me = await app('idp', 'GetUser', { AccessToken });
  assert.equal(me.PreferredMfaSetting, 'SOFTWARE_TOKEN_MFA');
  assert.deepEqual(me.UserMFASettingList, ['SOFTWARE_TOKEN_MFA']);

  const asked = await w.signIn();
  assert.equal(asked.ChallengeName, 'SOFTWARE_TOKEN_MFA');
  assert.equal(asked.AuthenticationResult, undefined);
  assert.equal(asked.ChallengeParameters.FRIENDLY_DEVICE_NAME, 'phone');
  const code = totp(SecretCode);
  const done = await w.respond(asked, { SOFTWARE_TOKEN_MFA_CODE: code });
  assert.ok(done.AuthenticationResult.AccessToken);
  await refused(w.respond(await w.signIn(), { SOFTWARE_TOKEN_MFA_CODE: code }), 'ExpiredCodeException', 'Your software token has already been used once.');
  const again = await app('idp', 'InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: done.AuthenticationResult.RefreshToken } });
  assert.ok(again.AuthenticationResult.AccessToken, 'a refresh asks for nothing');
  await root('idp', 'DeleteUserPool', { UserPoolId: w.UserPoolId });
});

test('TOTP set-up in a sign-in', async () => {
  const w = await world({ MfaConfiguration: 'ON', ...TOTP });
  const asked = await w.signIn();
  assert.equal(asked.ChallengeName, 'MFA_SETUP');
  assert.deepEqual(JSON.parse(asked.ChallengeParameters.MFAS_CAN_SETUP), ['SOFTWARE_TOKEN_MFA']);
  await refused(w.respond(asked, {}), 'NotAuthorizedException', 'Invalid session for the user.');
  const given = await app('idp', 'AssociateSoftwareToken', { Session: asked.Session });
  const verified = await app('idp', 'VerifySoftwareToken', { Session: given.Session, UserCode: totp(given.SecretCode) });
  assert.equal(verified.Status, 'SUCCESS');
  const done = await w.respond({ ChallengeName: 'MFA_SETUP', Session: verified.Session }, {});
  assert.ok(done.AuthenticationResult.IdToken);
  await root('idp', 'DeleteUserPool', { UserPoolId: w.UserPoolId });
});

test('codes by e-mail and SMS, and the choice', async () => {
  const email = 'mfa@example.com';
  const phone = '+15555550123';
  const w = await world({
    MfaConfiguration: 'ON', EmailMfaConfiguration: { Subject: 'Code', Message: 'Take {####} now' },
    SmsMfaConfiguration: { SmsAuthenticationMessage: 'SMS {####}', SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sns' } },
  }, [{ Name: 'email', Value: email }, { Name: 'phone_number', Value: phone }]);
  for (const [ANSWER, to, answer] of [['EMAIL_OTP', email, 'EMAIL_OTP_CODE'], ['SMS_MFA', phone, 'SMS_MFA_CODE']]) {
    const choice = await w.signIn();
    assert.equal(choice.ChallengeName, 'SELECT_MFA_TYPE');
    assert.deepEqual(JSON.parse(choice.ChallengeParameters.MFAS_CAN_CHOOSE), ['SMS_MFA', 'EMAIL_OTP']);
    const asked = await w.respond(choice, { ANSWER });
    assert.equal(asked.ChallengeName, ANSWER);
    assert.ok(!asked.ChallengeParameters.CODE_DELIVERY_DESTINATION.includes(to));
    await refused(w.respond(asked, { [answer]: '12345x' }), 'CodeMismatchException', 'Invalid code or auth state for the user.');
    assert.ok((await w.respond(asked, { [answer]: lastCode(to) })).AuthenticationResult.AccessToken);
  }
  await root('idp', 'AdminSetUserMFAPreference', { UserPoolId: w.UserPoolId, Username: w.Username, EmailMfaSettings: { Enabled: true, PreferredMfa: true } });
  const asked = await root('idp', 'AdminInitiateAuth', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: w.Username, PASSWORD: Password } });
  assert.equal(asked.ChallengeName, 'EMAIL_OTP');
  const done = await root('idp', 'AdminRespondToAuthChallenge', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, ChallengeName: 'EMAIL_OTP', Session: asked.Session, ChallengeResponses: { USERNAME: w.Username, EMAIL_OTP_CODE: lastCode(email) } });
  assert.ok(done.AuthenticationResult.AccessToken);
  await root('idp', 'DeleteUserPool', { UserPoolId: w.UserPoolId });
});

test('a second factor must exist to be asked for', async () => {
  await refused(root('idp', 'CreateUserPool', { PoolName: 'none', MfaConfiguration: 'ON' }), 'InvalidParameterException');
});
