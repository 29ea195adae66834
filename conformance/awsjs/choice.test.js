// USER_AUTH, where the user chooses the first factor, and CUSTOM_AUTH, where
// functions ask the questions.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, attributes, lastCode, Password, user, world, wrongCode } from './world.js';
import { lambda } from '../lambda.js';
import { passkey } from '../passkey.js';
import { verified } from '../jwt.js';
import * as srp from '../srp.js';

let functions;
before(async () => { functions = await lambda(); });
after(() => functions.close());

const rp = 'app.example.com';
const policy = (...AllowedFirstAuthFactors) => ({ Policies: { SignInPolicy: { AllowedFirstAuthFactors } } });
const choosing = (factors, pool = {}) => world({ pool: { AutoVerifiedAttributes: ['email'], ...policy(...factors), ...pool }, client: { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] } });
const choose = (w, USERNAME, rest = {}, more = {}) => user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_AUTH', AuthParameters: { USERNAME, ...rest }, ...more });
const badCode = ['CodeMismatchException', 'Invalid code or auth state for the user.'];

works('InitiateAuth RespondToAuthChallenge', 'USER_AUTH: what there is to choose from, and a code by e-mail', async () => {
  const email = 'choice@example.com';
  const w = await choosing(['PASSWORD', 'EMAIL_OTP', 'SMS_OTP']);
  const Username = await w.person({ email, email_verified: 'true', phone_number: '+15555550111' });
  const asked = await choose(w, Username);
  assert.deepEqual([asked.ChallengeName, asked.ChallengeParameters], ['SELECT_CHALLENGE', {}]);
  assert.deepEqual([...asked.AvailableChallenges].sort(), ['EMAIL_OTP', 'PASSWORD', 'PASSWORD_SRP'], 'the phone number is not verified');
  const sent = await w.respond(asked, { USERNAME: Username, ANSWER: 'EMAIL_OTP' });
  assert.deepEqual([sent.ChallengeName, sent.ChallengeParameters.CODE_DELIVERY_DESTINATION], ['EMAIL_OTP', 'c***@e***']);
  await refused(w.respond(sent, { USERNAME: Username, EMAIL_OTP_CODE: wrongCode(lastCode(email)) }), ...badCode);
  const done = await w.respond(sent, { USERNAME: Username, EMAIL_OTP_CODE: lastCode(email) });
  await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
  await refused(w.respond(sent, { USERNAME: Username, EMAIL_OTP_CODE: lastCode(email) }), 'NotAuthorizedException');
});

works('InitiateAuth RespondToAuthChallenge', 'USER_AUTH: a code by SMS', async () => {
  const phone = '+15555550112';
  const w = await choosing(['PASSWORD', 'SMS_OTP']);
  const Username = await w.person({ phone_number: phone, phone_number_verified: 'true' });
  const sent = await choose(w, Username, { PREFERRED_CHALLENGE: 'SMS_OTP' });
  assert.deepEqual([sent.ChallengeName, sent.ChallengeParameters.CODE_DELIVERY_DESTINATION], ['SMS_OTP', '+*******0112']);
  await refused(w.respond(sent, { USERNAME: Username, SMS_OTP_CODE: wrongCode(lastCode(phone)) }), ...badCode);
  const done = await w.respond(sent, { USERNAME: Username, SMS_OTP_CODE: lastCode(phone) });
  await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
  await refused(w.respond(sent, { USERNAME: Username, SMS_OTP_CODE: lastCode(phone) }), 'NotAuthorizedException');
});

test('USER_AUTH: the preferred factor comes at once', async () => {
  const w = await choosing(['PASSWORD', 'EMAIL_OTP']);
  const Username = await w.person({ email: 'preferred@example.com', email_verified: 'true' });
  assert.ok((await choose(w, Username, { PREFERRED_CHALLENGE: 'PASSWORD', PASSWORD: Password })).AuthenticationResult.AccessToken);
  await refused(choose(w, Username, { PREFERRED_CHALLENGE: 'PASSWORD', PASSWORD: 'Wrong-password-1' }), 'NotAuthorizedException', 'Incorrect username or password.');
  assert.equal((await choose(w, Username, { PREFERRED_CHALLENGE: 'EMAIL_OTP' })).ChallengeName, 'EMAIL_OTP');
  assert.equal((await choose(w, Username, { PREFERRED_CHALLENGE: 'SMS_OTP' })).ChallengeName, 'SELECT_CHALLENGE');
  const proof = srp.client();
  const asked = await choose(w, Username, { PREFERRED_CHALLENGE: 'PASSWORD_SRP', SRP_A: proof.SRP_A });
  assert.equal(asked.ChallengeName, 'PASSWORD_VERIFIER');
  const done = await w.respond(asked, { USERNAME: Username, ...proof.answer(asked.ChallengeParameters, w.UserPoolId.split('_')[1], Username, Password) });
  assert.ok(done.AuthenticationResult.AccessToken);
});

test('USER_AUTH: chosen after the question', async () => {
  const w = await choosing(['PASSWORD', 'EMAIL_OTP']);
  const Username = await w.person({ email: 'later@example.com', email_verified: 'true' });
  const password = await w.respond(await choose(w, Username), { USERNAME: Username, ANSWER: 'PASSWORD', PASSWORD: Password });
  assert.ok(password.AuthenticationResult.AccessToken);
  const proof = srp.client();
  const asked = await w.respond(await choose(w, Username), { USERNAME: Username, ANSWER: 'PASSWORD_SRP', SRP_A: proof.SRP_A });
  assert.equal(asked.ChallengeName, 'PASSWORD_VERIFIER');
  const done = await w.respond(asked, { USERNAME: Username, ...proof.answer(asked.ChallengeParameters, w.UserPoolId.split('_')[1], Username, Password) });
  assert.ok(done.AuthenticationResult.AccessToken);
  await refused(w.respond(await choose(w, Username), { USERNAME: Username, ANSWER: 'SMS_OTP' }), 'InvalidParameterException');
});

test('USER_AUTH: a passkey', async () => {
  const w = await choosing(['PASSWORD', 'WEB_AUTHN']);
  await admin('SetUserPoolMfaConfig', { UserPoolId: w.UserPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration: { RelyingPartyId: rp, UserVerification: 'preferred' } });
  const Username = await w.person();
  const { AccessToken } = await w.signIn(Username);
  const { CredentialCreationOptions } = await user('StartWebAuthnRegistration', { AccessToken });
  const key = passkey(CredentialCreationOptions, { origin: `https://${rp}` });
  await user('CompleteWebAuthnRegistration', { AccessToken, Credential: key.registration });
  const asked = await choose(w, Username, { PREFERRED_CHALLENGE: 'WEB_AUTHN' });
  assert.equal(asked.ChallengeName, 'WEB_AUTHN');
  const options = JSON.parse(asked.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
  assert.deepEqual([options.rpId, options.allowCredentials.map((c) => c.id)], [rp, [key.id]]);
  const CREDENTIAL = JSON.stringify(key.use(options));
  const done = await w.respond(asked, { USERNAME: Username, CREDENTIAL });
  await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
  const replayed = await w.respond(await choose(w, Username, { PREFERRED_CHALLENGE: 'WEB_AUTHN' }), { USERNAME: Username, CREDENTIAL }).catch((e) => e);
  assert.match(replayed.name, /^(NotAuthorized|InvalidParameter)Exception$/);
});

works('SignUp ConfirmSignUp InitiateAuth', 'a sign-up without a password signs in by itself, once', async () => {
  const email = 'free@example.com';
  const w = await choosing(['PASSWORD', 'EMAIL_OTP']);
  const { Session } = await user('SignUp', { ClientId: w.ClientId, Username: 'free', UserAttributes: attributes({ email }) });
  const confirmed = await user('ConfirmSignUp', { ClientId: w.ClientId, Username: 'free', ConfirmationCode: lastCode(email), Session });
  const { AuthenticationResult } = await choose(w, 'free', {}, { Session: confirmed.Session });
  await verified(w.UserPoolId, w.ClientId, AuthenticationResult);
  await refused(choose(w, 'free', {}, { Session: confirmed.Session }), 'NotAuthorizedException');
  assert.deepEqual((await choose(w, 'free', { PREFERRED_CHALLENGE: 'PASSWORD', PASSWORD: Password })).AvailableChallenges, ['EMAIL_OTP'], 'there is no password');
});

test('a confirmation that shows no session signs in where its code could', async () => {
  for (const [factors, signsIn] of [[['PASSWORD', 'EMAIL_OTP'], true], [['PASSWORD'], false]]) {
    const email = `session-${signsIn}@example.com`;
    const w = await choosing(factors);
    await user('SignUp', { ClientId: w.ClientId, Username: 'quiet', Password, UserAttributes: attributes({ email }) });
    const { Session } = await user('ConfirmSignUp', { ClientId: w.ClientId, Username: 'quiet', ConfirmationCode: lastCode(email) });
    assert.equal(Session !== undefined, signsIn);
    if (signsIn) assert.ok((await choose(w, 'quiet', {}, { Session })).AuthenticationResult.AccessToken);
  }
});

test('a sign-up without a password where nothing else signs in', async () => {
  const w = await choosing(['PASSWORD']);
  await refused(user('SignUp', { ClientId: w.ClientId, Username: 'x', UserAttributes: attributes({ email: 'x@example.com' }) }), 'InvalidPasswordException', 'Password does not conform to policy: Password not long enough');
});

// questions are functions that ask for a colour, twice at most.
const questions = () => ({
  DefineAuthChallenge: functions.define('define', ({ request: { session }, response }) => {
    const rounds = session.filter((r) => r.challengeName === 'CUSTOM_CHALLENGE');
    const right = rounds.at(-1)?.challengeResult ?? false;
    Object.assign(response, { issueTokens: right, failAuthentication: !right && rounds.length >= 2 });
    if (!right) response.challengeName = session.at(-1)?.challengeName === 'SRP_A' ? 'PASSWORD_VERIFIER' : 'CUSTOM_CHALLENGE';
  }),
  CreateAuthChallenge: functions.define('create', ({ response }) => { Object.assign(response, { publicChallengeParameters: { question: 'colour?' }, privateChallengeParameters: { answer: 'blue' }, challengeMetadata: 'colour' }); }),
  VerifyAuthChallengeResponse: functions.define('verify', ({ request, response }) => { response.answerCorrect = request.challengeAnswer === request.privateChallengeParameters.answer; }),
});
const custom = (LambdaConfig) => world({ pool: { LambdaConfig }, client: { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] } });
const begin = (w, USERNAME, rest = {}) => user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'CUSTOM_AUTH', AuthParameters: { USERNAME, ...rest } });

works('InitiateAuth RespondToAuthChallenge', 'CUSTOM_AUTH: a question, a wrong answer, a right one', async () => {
  const w = await custom(questions());
  const Username = await w.person();
  const asked = await begin(w, Username);
  assert.deepEqual([asked.ChallengeName, asked.ChallengeParameters], ['CUSTOM_CHALLENGE', { question: 'colour?', USERNAME: Username }]);
  const again = await w.respond(asked, { USERNAME: Username, ANSWER: 'red' });
  assert.equal(again.ChallengeName, 'CUSTOM_CHALLENGE');
  assert.notEqual(again.Session, asked.Session);
  const done = await w.respond(again, { USERNAME: Username, ANSWER: 'blue' });
  await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
  await refused(w.respond(again, { USERNAME: Username, ANSWER: 'blue' }), 'NotAuthorizedException', 'Invalid session for the user, session can only be used once.');
  const fresh = await w.respond(await begin(w, Username), { USERNAME: Username, ANSWER: 'red' });
  await refused(w.respond(fresh, { USERNAME: Username, ANSWER: 'green' }), 'NotAuthorizedException', 'Incorrect username or password.');
});

test('CUSTOM_AUTH that begins with the password', async () => {
  const w = await custom(questions());
  const Username = await w.person();
  const proof = srp.client();
  const asked = await begin(w, Username, { CHALLENGE_NAME: 'SRP_A', SRP_A: proof.SRP_A });
  assert.equal(asked.ChallengeName, 'PASSWORD_VERIFIER');
  assert.ok(asked.Session);
  const next = await w.respond(asked, { USERNAME: Username, ...proof.answer(asked.ChallengeParameters, w.UserPoolId.split('_')[1], Username, Password) });
  assert.equal(next.ChallengeName, 'CUSTOM_CHALLENGE');
  assert.ok((await w.respond(next, { USERNAME: Username, ANSWER: 'blue' })).AuthenticationResult.AccessToken);
});

test('CUSTOM_AUTH without its functions', async () => {
  const w = await custom({});
  await refused(begin(w, await w.person()), 'InvalidParameterException', 'Custom auth lambda trigger is not configured for the user pool.');
});
