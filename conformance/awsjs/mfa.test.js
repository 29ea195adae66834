// Second factors, in pools of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, attributes, lastCode, Password, user, world, wrongCode } from './world.js';
import { totp } from '../totp.js';
import { verified } from '../jwt.js';

// factors makes a pool with those second factors and one user.
async function factors(config, map = {}) {
  const w = await world();
  const { UserPoolId, ClientId } = w;
  const Username = await w.person(map);
  const set = await admin('SetUserPoolMfaConfig', { UserPoolId, ...config });
  assert.equal(set.MfaConfiguration, config.MfaConfiguration);
  const adminStart = () => admin('AdminInitiateAuth', { UserPoolId, ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password } });
  const adminRespond = ({ ChallengeName, Session }, responses) => admin('AdminRespondToAuthChallenge', { UserPoolId, ClientId, ChallengeName, Session, ChallengeResponses: { USERNAME: Username, ...responses } });
  return { ...w, Username, start: () => w.start(Username), respond: (asked, responses) => w.respond(asked, { USERNAME: Username, ...responses }), adminStart, adminRespond };
}

// bindApp gives a signed-in user an authenticator app, and returns its secret. Its
// present code is used up by that; the next one, totp(secret, 1), is good already,
// and stays good should the clock tick meanwhile.
async function bindApp(AccessToken) {
  const { SecretCode } = await user('AssociateSoftwareToken', { AccessToken });
  await user('VerifySoftwareToken', { AccessToken, UserCode: totp(SecretCode), FriendlyDeviceName: 'phone' });
  return SecretCode;
}

const TOTP = { SoftwareTokenMfaConfiguration: { Enabled: true } };
const EMAIL = { EmailMfaConfiguration: { Subject: 'Code', Message: 'Take {####} now' } };
const SMS = { SmsMfaConfiguration: { SmsAuthenticationMessage: 'SMS {####}', SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sns' } } };
const badCode = ['CodeMismatchException', 'Invalid code or auth state for the user.'];
const badSession = ['NotAuthorizedException', 'Invalid session for the user.'];
const noApp = ['SoftwareTokenMFANotFoundException', 'Software Token MFA has not been enabled by the userPool'];

works('GetUserPoolMfaConfig SetUserPoolMfaConfig', 'the second factors of a pool', async () => {
  const { UserPoolId } = await world();
  const get = async () => { const { $metadata, ...config } = await admin('GetUserPoolMfaConfig', { UserPoolId }); return config; };
  assert.deepEqual(await get(), { MfaConfiguration: 'OFF', SoftwareTokenMfaConfiguration: { Enabled: false } });
  const all = { MfaConfiguration: 'OPTIONAL', ...TOTP, ...EMAIL, ...SMS };
  await admin('SetUserPoolMfaConfig', { UserPoolId, ...all });
  assert.deepEqual(await get(), all);
  await admin('SetUserPoolMfaConfig', { UserPoolId, MfaConfiguration: 'ON', ...TOTP });
  assert.deepEqual(await get(), { MfaConfiguration: 'ON', ...TOTP }, 'what is left out is off');
  await refused(admin('SetUserPoolMfaConfig', { UserPoolId, MfaConfiguration: 'ON' }), 'InvalidParameterException');
  await refused(admin('SetUserPoolMfaConfig', { UserPoolId: (await world()).UserPoolId, SmsMfaConfiguration: {} }), 'InvalidParameterException', 'SmsMfaConfiguration needs an SmsConfiguration.');
});

works('AssociateSoftwareToken VerifySoftwareToken SetUserMFAPreference RespondToAuthChallenge', 'TOTP: set up, prefer, sign in, never twice', async () => {
  const w = await factors({ MfaConfiguration: 'OPTIONAL', ...TOTP });
  const { AccessToken } = (await w.start()).AuthenticationResult;
  await refused(user('VerifySoftwareToken', { AccessToken, UserCode: '123456' }), ...noApp);
  const { SecretCode, Session } = await user('AssociateSoftwareToken', { AccessToken });
  assert.equal(Session, undefined);
  await refused(user('SetUserMFAPreference', { AccessToken, SoftwareTokenMfaSettings: { Enabled: true } }), 'InvalidParameterException', 'User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA');
  await refused(user('VerifySoftwareToken', { AccessToken, UserCode: wrongCode(totp(SecretCode)) }), 'EnableSoftwareTokenMFAException', 'Code mismatch and fail enable Software Token MFA');
  assert.equal((await user('VerifySoftwareToken', { AccessToken, UserCode: totp(SecretCode), FriendlyDeviceName: 'phone' })).Status, 'SUCCESS');
  await user('SetUserMFAPreference', { AccessToken, SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } });
  const me = await user('GetUser', { AccessToken });
  assert.deepEqual([me.PreferredMfaSetting, me.UserMFASettingList], ['SOFTWARE_TOKEN_MFA', ['SOFTWARE_TOKEN_MFA']]);

  const asked = await w.start();
  assert.deepEqual([asked.ChallengeName, asked.AuthenticationResult, asked.ChallengeParameters.FRIENDLY_DEVICE_NAME], ['SOFTWARE_TOKEN_MFA', undefined, 'phone']);
  await refused(w.respond(asked, { SOFTWARE_TOKEN_MFA_CODE: wrongCode(totp(SecretCode)) }), 'CodeMismatchException', 'Invalid code received for user');
  await refused(w.respond(asked, {}), 'InvalidParameterException', 'Missing required parameter SOFTWARE_TOKEN_MFA_CODE');
  const code = totp(SecretCode, 1);
  const done = await w.respond(asked, { SOFTWARE_TOKEN_MFA_CODE: code }); // the session outlived the wrong code
  await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
  await refused(w.respond(await w.start(), { SOFTWARE_TOKEN_MFA_CODE: code }), 'ExpiredCodeException', 'Your software token has already been used once.');
  assert.ok((await w.refresh(done.AuthenticationResult.RefreshToken)).AuthenticationResult.AccessToken, 'a refresh asks for nothing');
});

test('a challenge that was answered cannot be answered again', async () => {
  const email = 'once@example.com';
  const w = await factors({ MfaConfiguration: 'ON', ...EMAIL }, { email });
  const asked = await w.start();
  const answer = { EMAIL_OTP_CODE: lastCode(email) };
  await w.respond(asked, answer);
  await refused(w.respond(asked, answer), 'NotAuthorizedException', 'Invalid session for the user, session can only be used once.');
});

test('a challenge dies with what led to it', async () => {
  const email = 'dies@example.com';
  const dead = [
    [(at) => admin('AdminDisableUser', at), 'User is disabled.'],
    [(at) => admin('AdminDeleteUser', at), 'Invalid session for the user.'],
    [(at) => admin('AdminUserGlobalSignOut', at), 'Invalid session for the user.'],
    [(at) => admin('AdminSetUserPassword', { ...at, Password: 'Battery-staple-2', Permanent: true }), 'Invalid session for the user.'],
  ];
  for (const [kill, text] of dead) {
    const w = await factors({ MfaConfiguration: 'ON', ...EMAIL }, { email });
    const asked = await w.start();
    await kill({ UserPoolId: w.UserPoolId, Username: w.Username });
    await refused(w.respond(asked, { EMAIL_OTP_CODE: lastCode(email) }), 'NotAuthorizedException', text);
  }
});

test('a challenge is for one pool, client, user and step', async () => {
  const email = 'bound@example.com';
  const [w, other] = [await factors({ MfaConfiguration: 'ON', ...EMAIL }, { email }), await factors({ MfaConfiguration: 'ON', ...EMAIL }, { email: 'another@example.com' })];
  const asked = await w.start();
  const answer = { EMAIL_OTP_CODE: lastCode(email) };
  await refused(other.respond(asked, answer), ...badSession);
  await refused(other.adminRespond(asked, answer), ...badSession);
  await refused(w.respond({ ...asked, ChallengeName: 'SMS_MFA' }, { SMS_MFA_CODE: answer.EMAIL_OTP_CODE }), ...badSession);
  await refused(w.respond(asked, { ...answer, USERNAME: await w.person() }), ...badSession);
  await refused(w.respond({ ...asked, Session: `${asked.Session.slice(0, -4)}AAAA` }, answer), ...badSession);
  assert.ok((await w.respond(asked, answer)).AuthenticationResult.AccessToken);
});

works('AssociateSoftwareToken VerifySoftwareToken', 'TOTP set-up in a sign-in', async () => {
  const w = await factors({ MfaConfiguration: 'ON', ...TOTP });
  const asked = await w.start();
  assert.equal(asked.ChallengeName, 'MFA_SETUP');
  assert.deepEqual(JSON.parse(asked.ChallengeParameters.MFAS_CAN_SETUP), ['SOFTWARE_TOKEN_MFA']);
  await refused(w.respond(asked, {}), ...badSession);
  const given = await user('AssociateSoftwareToken', { Session: asked.Session });
  await refused(user('AssociateSoftwareToken', { Session: asked.Session }), 'NotAuthorizedException', 'Invalid session for the user, session can only be used once.');
  await refused(user('VerifySoftwareToken', { Session: asked.Session, UserCode: '123456' }), ...badSession);
  const proved = await user('VerifySoftwareToken', { Session: given.Session, UserCode: totp(given.SecretCode) });
  assert.equal(proved.Status, 'SUCCESS');
  const done = await w.respond({ ChallengeName: 'MFA_SETUP', Session: proved.Session }, {});
  await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
  assert.equal((await w.start()).ChallengeName, 'SOFTWARE_TOKEN_MFA');
});

test('a pool without TOTP gives out no secret', async () => {
  const w = await world();
  const { AccessToken } = await w.signIn(await w.person());
  await refused(user('AssociateSoftwareToken', { AccessToken }), ...noApp);
});

works('RespondToAuthChallenge AdminRespondToAuthChallenge AdminSetUserMFAPreference', 'codes by e-mail and SMS, and the choice', async () => {
  const email = 'mfa@example.com';
  const phone = '+15555550123';
  const w = await factors({ MfaConfiguration: 'ON', ...EMAIL, ...SMS }, { email, phone_number: phone });
  for (const [ANSWER, to, answer] of [['EMAIL_OTP', email, 'EMAIL_OTP_CODE'], ['SMS_MFA', phone, 'SMS_MFA_CODE']]) {
    const choice = await w.start();
    assert.equal(choice.ChallengeName, 'SELECT_MFA_TYPE');
    assert.deepEqual(JSON.parse(choice.ChallengeParameters.MFAS_CAN_CHOOSE), ['SMS_MFA', 'EMAIL_OTP']);
    await refused(w.respond(choice, { ANSWER: 'SOFTWARE_TOKEN_MFA' }), 'InvalidParameterException');
    const asked = await w.respond(choice, { ANSWER });
    assert.equal(asked.ChallengeName, ANSWER);
    assert.ok(!asked.ChallengeParameters.CODE_DELIVERY_DESTINATION.includes(to));
    await refused(w.respond(asked, { [answer]: wrongCode(lastCode(to)) }), ...badCode);
    assert.ok((await w.respond(asked, { [answer]: lastCode(to) })).AuthenticationResult.AccessToken);
  }
  await admin('AdminSetUserMFAPreference', { UserPoolId: w.UserPoolId, Username: w.Username, EmailMfaSettings: { Enabled: true, PreferredMfa: true } });
  assert.equal((await w.get(w.Username)).PreferredMfaSetting, 'EMAIL_OTP');
  const asked = await w.adminStart();
  assert.equal(asked.ChallengeName, 'EMAIL_OTP');
  await refused(w.adminRespond(asked, { EMAIL_OTP_CODE: wrongCode(lastCode(email)) }), ...badCode);
  assert.ok((await w.adminRespond(asked, { EMAIL_OTP_CODE: lastCode(email) })).AuthenticationResult.AccessToken);
});

works('AdminSetUserMFAPreference AdminRespondToAuthChallenge', 'an administrator turns TOTP on, and forgets a lost app', async () => {
  const w = await factors({ MfaConfiguration: 'OPTIONAL', ...TOTP });
  const { UserPoolId, Username } = w;
  const set = (Enabled, PreferredMfa = Enabled) => admin('AdminSetUserMFAPreference', { UserPoolId, Username, SoftwareTokenMfaSettings: { Enabled, PreferredMfa } });
  await refused(set(true), 'InvalidParameterException', 'User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA');
  const secret = await bindApp((await w.start()).AuthenticationResult.AccessToken);
  await set(true);
  const asked = await w.adminStart();
  const code = totp(secret, 1);
  assert.ok((await w.adminRespond(asked, { SOFTWARE_TOKEN_MFA_CODE: code })).AuthenticationResult.AccessToken);
  await refused(w.adminRespond(await w.adminStart(), { SOFTWARE_TOKEN_MFA_CODE: code }), 'ExpiredCodeException', 'Your software token has already been used once.');
  await set(false);
  assert.ok((await w.start()).AuthenticationResult.AccessToken);
  await refused(set(true), 'InvalidParameterException');
});

works('SetUserSettings AdminSetUserSettings', 'SMS as the second factor, the old way', async () => {
  const w = await factors({ MfaConfiguration: 'OPTIONAL', ...SMS }, { phone_number: '+15555550124' });
  const { UserPoolId, Username } = w;
  const { AccessToken } = (await w.start()).AuthenticationResult;
  const MFAOptions = [{ DeliveryMedium: 'SMS', AttributeName: 'phone_number' }];
  await user('SetUserSettings', { AccessToken, MFAOptions });
  assert.equal((await w.start()).ChallengeName, 'SMS_MFA');
  await admin('AdminSetUserSettings', { UserPoolId, Username, MFAOptions: [] });
  assert.equal((await w.start()).ChallengeName, undefined);
  await admin('AdminSetUserSettings', { UserPoolId, Username, MFAOptions });
  assert.deepEqual((await w.get(Username)).UserMFASettingList, ['SMS_MFA']);
  const other = { MFAOptions: [{ DeliveryMedium: 'EMAIL', AttributeName: 'email' }] };
  await refused(user('SetUserSettings', { AccessToken, ...other }), 'InvalidParameterException', 'MFAOptions take SMS to phone_number alone.');
  await refused(admin('AdminSetUserSettings', { UserPoolId, Username, ...other }), 'InvalidParameterException', 'MFAOptions take SMS to phone_number alone.');
});

works('GetUserAuthFactors AdminGetUserAuthFactors', 'what a user signs in with', async () => {
  const w = await factors({ MfaConfiguration: 'OPTIONAL', ...TOTP });
  const { UserPoolId, Username } = w;
  const { AccessToken } = (await w.start()).AuthenticationResult;
  await bindApp(AccessToken);
  await user('SetUserMFAPreference', { AccessToken, SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } });
  for (const out of [await user('GetUserAuthFactors', { AccessToken }), await admin('AdminGetUserAuthFactors', { UserPoolId, Username })]) {
    assert.deepEqual([out.Username, out.PreferredMfaSetting, out.UserMFASettingList, out.ConfiguredUserAuthFactors], [Username, 'SOFTWARE_TOKEN_MFA', ['SOFTWARE_TOKEN_MFA'], ['PASSWORD']]);
  }
});
