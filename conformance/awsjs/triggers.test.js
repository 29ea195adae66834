// The functions that a pool's LambdaConfig names: what they are told, what they can
// change, and how their failures reach the client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, attributes, claims, lastCode, makePool, messages, Password, user, valueOf, world } from './world.js';
import { lambda } from '../lambda.js';

let functions;
before(async () => { functions = await lambda(); });
after(() => functions.close());

const withTriggers = (LambdaConfig, pool = {}) => world({ pool: { AutoVerifiedAttributes: ['email'], ...pool, LambdaConfig } });
const email = (address) => ({ UserAttributes: attributes({ email: address }) });

works('CreateUserPool DescribeUserPool UpdateUserPool', 'LambdaConfig is kept, and an update without it takes all away', async () => {
  const LambdaConfig = { PreSignUp: functions.arnOf('a'), CustomMessage: functions.arnOf('b'), PreTokenGenerationConfig: { LambdaArn: functions.arnOf('c'), LambdaVersion: 'V2_0' } };
  const UserPoolId = await makePool({ LambdaConfig });
  const read = async () => (await admin('DescribeUserPool', { UserPoolId })).UserPool.LambdaConfig;
  assert.deepEqual(await read(), { ...LambdaConfig, PreTokenGeneration: functions.arnOf('c') });
  await admin('UpdateUserPool', { UserPoolId });
  assert.deepEqual(await read(), {});
  await refused(makePool({ UserPoolTier: 'LITE', LambdaConfig }), 'FeatureUnavailableInTierException');
});

works('SignUp', 'PreSignUp confirms, verifies, and hears what the client said', async () => {
  const w = await withTriggers({ PreSignUp: functions.define('confirm', (event) => { event.response = { autoConfirmUser: true, autoVerifyEmail: true, autoVerifyPhone: false }; }), PostConfirmation: functions.define('welcome', () => {}) });
  const out = await user('SignUp', { ClientId: w.ClientId, Username: 'auto', Password, ...email('auto@example.com'), ClientMetadata: { from: 'app' }, ValidationData: [{ Name: 'captcha', Value: 'ok' }] });
  assert.equal(out.UserConfirmed, true);
  assert.equal(messages('auto@example.com').length, 0);
  const { UserStatus, UserAttributes } = await w.get('auto');
  assert.deepEqual([UserStatus, valueOf(UserAttributes, 'email_verified')], ['CONFIRMED', 'true']);
  const event = functions.last('PreSignUp_SignUp');
  assert.deepEqual([event.userPoolId, event.userName, event.callerContext.clientId], [w.UserPoolId, 'auto', w.ClientId]);
  assert.deepEqual([event.request.userAttributes.email, event.request.clientMetadata, event.request.validationData], ['auto@example.com', { from: 'app' }, { captcha: 'ok' }]);
  assert.equal(functions.last('PostConfirmation_ConfirmSignUp').userName, 'auto');
  await w.signIn('auto');
});

works('ResendConfirmationCode', 'CustomMessage writes the message, and never sees the code', async () => {
  const CustomMessage = functions.define('words', ({ response, request, triggerSource }) => { Object.assign(response, { emailSubject: triggerSource, emailMessage: `Hello ${request.codeParameter}!` }); });
  const w = await withTriggers({ CustomMessage });
  await user('SignUp', { ClientId: w.ClientId, Username: 'worded', Password, ...email('worded@example.com') });
  await user('ResendConfirmationCode', { ClientId: w.ClientId, Username: 'worded', ClientMetadata: { lang: 'de' } });
  const [first, second] = messages('worded@example.com');
  assert.match(first.Body, /Hello \d{6}!/);
  assert.deepEqual([first.Subject, second.Subject], ['CustomMessage_SignUp', 'CustomMessage_ResendCode']);
  const { request } = functions.last('CustomMessage_ResendCode');
  assert.deepEqual([request.codeParameter, request.clientMetadata], ['{####}', { lang: 'de' }]);
  await user('ConfirmSignUp', { ClientId: w.ClientId, Username: 'worded', ConfirmationCode: lastCode('worded@example.com') });
});

works('InitiateAuth GetTokensFromRefreshToken', 'PreTokenGeneration changes claims and scopes, and none that are reserved', async () => {
  const LambdaArn = functions.define('claims', (event) => {
    event.response.claimsAndScopeOverrideDetails = {
      idTokenGeneration: { claimsToAddOrOverride: { plan: 'gold', nested: { a: 1 }, sub: 'forged' }, claimsToSuppress: ['email'] },
      accessTokenGeneration: { claimsToAddOrOverride: { plan: 'gold', client_id: 'forged' }, scopesToAdd: ['extra'] },
      groupOverrideDetails: { groupsToOverride: ['made-up'] },
    };
  });
  const w = await withTriggers({ PreTokenGenerationConfig: { LambdaArn, LambdaVersion: 'V2_0' } });
  const Username = await w.person({ email: 'claims@example.com' });
  const first = await w.signIn(Username);
  const refreshed = (await user('GetTokensFromRefreshToken', { ClientId: w.ClientId, RefreshToken: first.RefreshToken })).AuthenticationResult;
  for (const { AccessToken, IdToken } of [first, refreshed]) {
    const [id, access] = [claims(IdToken), claims(AccessToken)];
    assert.deepEqual([id.plan, id.nested, id.email, id['cognito:groups']], ['gold', { a: 1 }, undefined, ['made-up']]);
    assert.deepEqual([access.plan, access.client_id, access.scope.split(' ').sort()], ['gold', w.ClientId, ['aws.cognito.signin.user.admin', 'extra']]);
    assert.equal(id.sub, access.sub);
    assert.notEqual(id.sub, 'forged');
  }
  assert.ok(functions.last('TokenGeneration_Authentication') && functions.last('TokenGeneration_RefreshTokens'));
});

works('InitiateAuth', 'PreAuthentication refuses, PostAuthentication hears', async () => {
  const w = await withTriggers({
    PreAuthentication: functions.define('gate', ({ request }) => { if (request.validationData?.door !== 'front') throw new Error('wrong door'); }),
    PostAuthentication: functions.define('log', () => {}),
  });
  const Username = await w.person();
  await refused(w.start(Username), 'UserLambdaValidationException', 'PreAuthentication failed with error wrong door.');
  await w.start(Username, Password, { ClientMetadata: { door: 'front' } });
  assert.equal(functions.last('PostAuthentication_Authentication').userName, Username);
});

works('InitiateAuth ForgotPassword', 'UserMigration brings a user along', async () => {
  const UserMigration = functions.define('migrate', (event) => {
    if (event.userName === 'stranger' || (event.request.password && event.request.password !== Password)) throw new Error('unknown');
    event.response = { userAttributes: { email: `${event.userName}@example.com`, email_verified: 'true' }, finalUserStatus: 'CONFIRMED', messageAction: 'SUPPRESS' };
  });
  const w = await withTriggers({ UserMigration });
  await refused(w.start('old-friend', 'Wrong-password-1'), 'UserNotFoundException', `Exception migrating user in app client ${w.ClientId}`);
  assert.ok((await w.signIn('old-friend')).AccessToken);
  assert.equal((await w.get('old-friend')).UserStatus, 'CONFIRMED');
  await user('ForgotPassword', { ClientId: w.ClientId, Username: 'forgetful' });
  assert.match(lastCode('forgetful@example.com'), /^\d{6}$/);
  assert.equal((await w.get('forgetful')).UserStatus, 'CONFIRMED');
  await refused(user('ForgotPassword', { ClientId: w.ClientId, Username: 'stranger' }), 'UserNotFoundException', `Exception migrating user in app client ${w.ClientId}`);
});

// failing are pools whose functions refuse, are not there, and answer nonsense.
const failures = {
  refuses: (trigger) => ['UserLambdaValidationException', `${trigger} failed with error not today.`],
  missing: (trigger) => ['UnexpectedLambdaException', `${trigger} invocation failed due to error ResourceNotFoundException.`],
  nonsense: () => ['InvalidLambdaResponseException', 'Unrecognizable lambda output'],
};

// how each operation comes to call a function: before() prepares in a pool without
// functions, call() is made after the pool has got one.
const known = async (w) => ({ Username: await w.person({ email: 'known@example.com', email_verified: 'true' }) });
const signUp = (w, Username = 'waiting') => user('SignUp', { ClientId: w.ClientId, Username, Password, ...email('waiting@example.com') });
const signedIn = async (w) => { const { Username } = await known(w); return { Username, ...(await w.signIn(Username)) }; };
const start = { AuthFlow: 'ADMIN_USER_PASSWORD_AUTH' };
const forced = async (w) => {
  await admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username: 'forced', TemporaryPassword: 'Temporary-1', MessageAction: 'SUPPRESS' });
  return { asked: await w.start('forced', 'Temporary-1') };
};
const newPassword = { USERNAME: 'forced', NEW_PASSWORD: Password };

const callers = {
  AdminConfirmSignUp: ['PostConfirmation', signUp, (w) => admin('AdminConfirmSignUp', { UserPoolId: w.UserPoolId, Username: 'waiting' })],
  AdminCreateUser: ['PreSignUp', () => {}, (w) => admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username: 'new' })],
  AdminInitiateAuth: ['PreTokenGeneration', known, (w, { Username }) => admin('AdminInitiateAuth', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, ...start, AuthParameters: { USERNAME: Username, PASSWORD: Password } })],
  AdminResetUserPassword: ['CustomMessage', known, (w, { Username }) => admin('AdminResetUserPassword', { UserPoolId: w.UserPoolId, Username })],
  AdminRespondToAuthChallenge: ['PreTokenGeneration', forced, (w, { asked: { ChallengeName, Session } }) => admin('AdminRespondToAuthChallenge', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, ChallengeName, Session, ChallengeResponses: newPassword })],
  AdminUpdateUserAttributes: ['CustomMessage', known, (w, { Username }) => admin('AdminUpdateUserAttributes', { UserPoolId: w.UserPoolId, Username, ...email('other@example.com') })],
  ConfirmForgotPassword: ['PostConfirmation', async (w) => { const k = await known(w); await user('ForgotPassword', { ClientId: w.ClientId, ...k }); return { ...k, code: lastCode('known@example.com') }; }, (w, { Username, code }) => user('ConfirmForgotPassword', { ClientId: w.ClientId, Username, ConfirmationCode: code, Password: 'Battery-staple-2' })],
  ConfirmSignUp: ['PostConfirmation', async (w) => { await signUp(w); return { code: lastCode('waiting@example.com') }; }, (w, { code }) => user('ConfirmSignUp', { ClientId: w.ClientId, Username: 'waiting', ConfirmationCode: code })],
  ForgotPassword: ['CustomMessage', known, (w, { Username }) => user('ForgotPassword', { ClientId: w.ClientId, Username })],
  GetTokensFromRefreshToken: ['PreTokenGeneration', signedIn, (w, { RefreshToken }) => user('GetTokensFromRefreshToken', { ClientId: w.ClientId, RefreshToken })],
  GetUserAttributeVerificationCode: ['CustomMessage', signedIn, (w, { AccessToken }) => user('GetUserAttributeVerificationCode', { AccessToken, AttributeName: 'email' })],
  InitiateAuth: ['PreTokenGeneration', known, (w, { Username }) => w.start(Username)],
  ResendConfirmationCode: ['CustomMessage', signUp, (w) => user('ResendConfirmationCode', { ClientId: w.ClientId, Username: 'waiting' })],
  RespondToAuthChallenge: ['PreTokenGeneration', forced, (w, { asked }) => w.respond(asked, newPassword)],
  SignUp: ['PreSignUp', () => {}, (w) => signUp(w, 'new')],
  UpdateUserAttributes: ['CustomMessage', signedIn, (w, { AccessToken }) => user('UpdateUserAttributes', { AccessToken, ...email('other@example.com') })],
};

for (const [failure, wants] of Object.entries(failures)) {
  test(`a function that ${failure === 'refuses' ? 'refuses' : `is ${failure}`}`, async () => {
    functions.define('refuses', () => { throw new Error('not today'); });
    functions.define('nonsense', () => '[1]');
    const faults = [];
    for (const [operation, [trigger, prepare, call]] of Object.entries(callers)) {
      const w = await world({ pool: { AutoVerifiedAttributes: ['email'] } });
      const ready = await prepare(w);
      await admin('UpdateUserPool', { UserPoolId: w.UserPoolId, AutoVerifiedAttributes: ['email'], LambdaConfig: { [trigger]: functions.arnOf(failure) } });
      await refused(call(w, ready), ...wants(trigger)).catch((e) => faults.push(`${operation}: ${e.message}`));
    }
    assert.deepEqual(faults, []);
  });
}
