// Passkeys, with a soft authenticator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, makeClient, Password, user, valueOf, world } from './world.js';
import { passkey } from '../passkey.js';
import { verified } from '../jwt.js';

const rp = 'app.example.com';
const origin = `https://${rp}`;
const flows = ['ALLOW_USER_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];

async function keyring(factors = ['PASSWORD', 'WEB_AUTHN'], WebAuthnConfiguration = { RelyingPartyId: rp, UserVerification: 'preferred' }) {
  const w = await world({ pool: { Policies: { SignInPolicy: { AllowedFirstAuthFactors: factors } } }, client: { ExplicitAuthFlows: flows } });
  if (WebAuthnConfiguration) await admin('SetUserPoolMfaConfig', { UserPoolId: w.UserPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration });
  const Username = await w.person({ email: 'passkey@example.com' });
  const { AccessToken } = await w.signIn(Username);
  const options = async () => (await user('StartWebAuthnRegistration', { AccessToken })).CredentialCreationOptions;
  const complete = (Credential) => user('CompleteWebAuthnRegistration', { AccessToken, Credential });
  return { ...w, Username, AccessToken, options, complete };
}

works('StartWebAuthnRegistration CompleteWebAuthnRegistration ListWebAuthnCredentials DeleteWebAuthnCredential', 'a passkey is made, listed and deleted', async () => {
  const w = await keyring();
  const { AccessToken } = w;
  const options = await w.options();
  assert.deepEqual(options.rp, { id: rp, name: rp });
  assert.equal(Buffer.from(options.user.id, 'base64url').toString(), valueOf((await w.get(w.Username)).UserAttributes, 'sub'));
  assert.deepEqual(options.pubKeyCredParams.map((p) => p.alg), [-7, -257]);
  assert.deepEqual(options.authenticatorSelection, { requireResidentKey: true, residentKey: 'required', userVerification: 'preferred' });
  const key = passkey(options, { origin });
  await w.complete(key.registration);
  const { Credentials: [listed, ...more] } = await user('ListWebAuthnCredentials', { AccessToken });
  assert.deepEqual(more, []);
  assert.deepEqual([listed.CredentialId, listed.RelyingPartyId, listed.AuthenticatorAttachment, listed.AuthenticatorTransports], [key.id, rp, 'platform', ['internal']]);
  assert.ok(listed.CreatedAt instanceof Date && listed.FriendlyCredentialName);
  assert.deepEqual((await w.options()).excludeCredentials.map((c) => c.id), [key.id]);
  await refused(w.complete(key.registration), 'WebAuthnChallengeNotFoundException');
  await user('DeleteWebAuthnCredential', { AccessToken, CredentialId: key.id });
  assert.deepEqual((await user('ListWebAuthnCredentials', { AccessToken })).Credentials, []);
  await refused(user('DeleteWebAuthnCredential', { AccessToken, CredentialId: key.id }), 'ResourceNotFoundException');
  await refused(user('ListWebAuthnCredentials', { AccessToken, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
});

test('what is no passkey of this pool', async () => {
  const w = await keyring();
  const attempt = async (changes) => w.complete(passkey(await w.options(), { origin, ...changes }).registration);
  await refused(attempt({ origin: 'https://phishing.example.net' }), 'WebAuthnOriginNotAllowedException');
  await refused(attempt({ rpId: 'example.net' }), 'WebAuthnRelyingPartyMismatchException');
  await refused(attempt({ alg: -8 }), 'WebAuthnCredentialNotSupportedException');
  await refused(attempt({ challenge: 'AAAA' }), 'WebAuthnChallengeNotFoundException');
  await refused(w.complete({ id: 'x' }), 'InvalidParameterException', 'Credential data is not valid');

  const { ClientId } = await makeClient(w.UserPoolId, { ExplicitAuthFlows: flows });
  const { AuthenticationResult } = await user('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: w.Username, PASSWORD: Password } });
  const Credential = passkey(await w.options(), { origin }).registration;
  await refused(user('CompleteWebAuthnRegistration', { AccessToken: AuthenticationResult.AccessToken, Credential }), 'WebAuthnClientMismatchException');
});

test('a pool that takes no passkeys, and one without a relying party', async () => {
  const off = await keyring(['PASSWORD']);
  await refused(off.options(), 'WebAuthnNotEnabledException');
  await refused(off.complete({}), 'WebAuthnNotEnabledException');
  const nameless = await keyring(['PASSWORD', 'WEB_AUTHN'], null);
  await refused(nameless.options(), 'WebAuthnConfigurationMissingException');
});

test('a user has 20 passkeys at most', async () => {
  const w = await keyring();
  const late = passkey(await w.options(), { origin });
  for (let i = 0; i < 20; i += 1) await w.complete(passkey(await w.options(), { origin }).registration);
  await refused(w.options(), 'LimitExceededException');
  await refused(w.complete(late.registration), 'LimitExceededException');
});
