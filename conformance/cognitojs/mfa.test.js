// Second factors through amazon-cognito-identity-js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import cognito from 'amazon-cognito-identity-js';
import { env, root } from '../awsjs/clients.js';
import { totp } from '../totp.js';
import { promised } from './rig.js';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = cognito;
const Password = 'Correct-horse-1';

async function world(MfaConfiguration) {
  const { UserPool } = await root('idp', 'CreateUserPool', { PoolName: 'mfa' });
  const UserPoolId = UserPool.Id;
  const { UserPoolClient: { ClientId } } = await root('idp', 'CreateUserPoolClient', { UserPoolId, ClientName: 'mfa', ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] });
  await root('idp', 'AdminCreateUser', { UserPoolId, Username: 'carol', MessageAction: 'SUPPRESS' });
  await root('idp', 'AdminSetUserPassword', { UserPoolId, Username: 'carol', Password, Permanent: true });
  await root('idp', 'SetUserPoolMfaConfig', { UserPoolId, MfaConfiguration, SoftwareTokenMfaConfiguration: { Enabled: true } });
  return () => new CognitoUser({ Username: 'carol', Pool: new CognitoUserPool({ UserPoolId, ClientId, endpoint: env.POOLHOUSE_URL }) });
}

// signIn resolves to the name of the callback that the library ends in.
function signIn(u) {
  return new Promise((resolve, onFailure) => {
    u.authenticateUser(new AuthenticationDetails({ Username: 'carol', Password }), {
      onSuccess: (session) => resolve(['success', session]), onFailure,
      totpRequired: (name) => resolve(['totp', name]), mfaSetup: (name, params) => resolve(['setup', params]),
    });
  });
}

test('TOTP set-up while signed in, then its challenge', async () => {
  const user = await world('OPTIONAL');
  const u = user();
  assert.equal((await signIn(u))[0], 'success');
  const secret = await promised((cb) => u.associateSoftwareToken(cb));
  await promised((cb) => u.verifySoftwareToken(totp(secret), 'phone', cb));
  await new Promise((resolve, reject) => {
    u.setUserMfaPreference(null, { PreferredMfa: true, Enabled: true }, (err, out) => (err ? reject(err) : resolve(out)));
  });
  const later = user();
  assert.deepEqual(await signIn(later), ['totp', 'SOFTWARE_TOKEN_MFA']);
  const wrong = await promised((cb) => later.sendMFACode('12345x', cb, 'SOFTWARE_TOKEN_MFA')).catch((e) => e);
  assert.equal(wrong.code, 'CodeMismatchException');
  const session = await promised((cb) => later.sendMFACode(totp(secret, 1), cb, 'SOFTWARE_TOKEN_MFA'));
  assert.ok(session.isValid());
  const data = await new Promise((resolve, reject) => { later.getUserData((err, out) => (err ? reject(err) : resolve(out)), { bypassCache: true }); });
  assert.equal(data.PreferredMfaSetting, 'SOFTWARE_TOKEN_MFA');
});

test('TOTP set-up in a sign-in', async () => {
  const user = await world('ON');
  const u = user();
  const [step] = await signIn(u);
  assert.equal(step, 'setup');
  const secret = await promised((cb) => u.associateSoftwareToken(cb));
  const session = await promised((cb) => u.verifySoftwareToken(totp(secret), 'phone', cb));
  assert.ok(session.isValid());
  assert.deepEqual(await signIn(user()), ['totp', 'SOFTWARE_TOKEN_MFA']);
});
