// Sign-in by password and SRP, and what becomes of the tokens.
import assert from 'node:assert/strict';
import { createHmac, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { app, env, refused } from './clients.js';
import { works } from './ledger.js';
import { admin, attributes, claims, makeClient, Password, user, valueOf, world } from './world.js';
import { verified } from '../jwt.js';
import * as srp from '../srp.js';

const wrongPassword = ['NotAuthorizedException', 'Incorrect username or password.'];
const badSession = ['NotAuthorizedException', 'Invalid session for the user.'];
const group = (w) => w.UserPoolId.split('_')[1];
const adminStart = (w, Username, password = Password, rest = {}) => admin('AdminInitiateAuth', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: password }, ...rest });

works('InitiateAuth', 'password: tokens that aws-jwt-verify accepts', async () => {
  const w = await world();
  const Username = await w.person({ email: 'a@example.com' });
  const { AuthenticationResult: out, ChallengeName, ChallengeParameters } = await w.start(Username);
  assert.deepEqual([ChallengeName, ChallengeParameters, out.TokenType, out.ExpiresIn], [undefined, {}, 'Bearer', 3600]);
  const { access, id } = await verified(w.UserPoolId, w.ClientId, out);
  assert.deepEqual([access.token_use, access.client_id, access.scope, access.username], ['access', w.ClientId, 'aws.cognito.signin.user.admin', Username]);
  assert.deepEqual([id.token_use, id.aud, id.email, id.sub, id['cognito:username']], ['id', w.ClientId, 'a@example.com', access.sub, Username]);
  assert.equal(id.origin_jti, access.origin_jti);
  assert.equal(access.sub, valueOf((await w.get(Username)).UserAttributes, 'sub'));
  await refused(w.start(Username, 'Wrong-password-1'), ...wrongPassword);
  await refused(user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username } }), 'InvalidParameterException', 'Missing required parameter PASSWORD');
  await refused(user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { PASSWORD: 'x' } }), 'InvalidParameterException', 'Missing required parameter USERNAME');
});

test('the fifth wrong password locks', async () => {
  const w = await world();
  const Username = await w.person();
  for (let i = 0; i < 5; i += 1) await refused(w.start(Username, 'Wrong-password-1'), ...wrongPassword);
  await refused(w.start(Username), 'NotAuthorizedException', 'Password attempts exceeded');
  await refused(adminStart(w, Username), 'NotAuthorizedException', 'Password attempts exceeded');
});

test('nobody of that name', async () => {
  const w = await world();
  await refused(w.start('nobody'), 'UserNotFoundException', 'User does not exist.');
  await refused(adminStart(w, 'nobody'), 'UserNotFoundException', 'User does not exist.');
});

test('flows that the client does not list, and flows of the other operation', async () => {
  const w = await world();
  const only = await makeClient(w.UserPoolId, { ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'] });
  const AuthParameters = { USERNAME: 'x', PASSWORD: 'x', SRP_A: 'a' };
  const start = (ClientId, AuthFlow) => user('InitiateAuth', { ClientId, AuthFlow, AuthParameters });
  await refused(start(only.ClientId, 'USER_PASSWORD_AUTH'), 'InvalidParameterException', 'USER_PASSWORD_AUTH flow not enabled for this client');
  await refused(start(only.ClientId, 'USER_SRP_AUTH'), 'InvalidParameterException', 'USER_SRP_AUTH is not enabled for the client.');
  await refused(start(only.ClientId, 'CUSTOM_AUTH'), 'InvalidParameterException', 'CUSTOM_AUTH is not enabled for the client.');
  await refused(start(w.ClientId, 'ADMIN_USER_PASSWORD_AUTH'), 'InvalidParameterException', 'Initiate Auth method not supported.');
  const adminFlow = (ClientId, AuthFlow) => admin('AdminInitiateAuth', { UserPoolId: w.UserPoolId, ClientId, AuthFlow, AuthParameters });
  await refused(adminFlow(w.ClientId, 'USER_PASSWORD_AUTH'), 'InvalidParameterException', 'Initiate Auth method not supported.');
  await refused(adminFlow(only.ClientId, 'ADMIN_USER_PASSWORD_AUTH'), 'InvalidParameterException', 'Auth flow not enabled for this client');
});

works('AdminInitiateAuth AdminRespondToAuthChallenge', 'an administrator signs a user in, who sets a new password', async () => {
  const w = await world({ pool: { Schema: [{ Name: 'name', Required: true }], Policies: { PasswordPolicy: { MinimumLength: 8, PasswordHistorySize: 2 } } } });
  const Username = await w.person({ name: 'A' });
  assert.ok((await adminStart(w, Username)).AuthenticationResult.RefreshToken);
  await refused(adminStart(w, Username, 'Wrong-password-1'), ...wrongPassword);
  await admin('AdminSetUserPassword', { UserPoolId: w.UserPoolId, Username, Password: 'Temporary-1', Permanent: false });
  const asked = await adminStart(w, Username, 'Temporary-1');
  assert.equal(asked.ChallengeName, 'NEW_PASSWORD_REQUIRED');
  const answer = (rest, Session = asked.Session) => admin('AdminRespondToAuthChallenge', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, ChallengeName: 'NEW_PASSWORD_REQUIRED', Session, ChallengeResponses: { USERNAME: Username, ...rest } });
  await refused(answer({ NEW_PASSWORD: 'short' }), 'InvalidPasswordException', 'Password did not conform with password policy: Password not long enough');
  await refused(answer({ NEW_PASSWORD: 'Temporary-1' }), 'PasswordHistoryPolicyViolationException');
  await refused(answer({ NEW_PASSWORD: 'Battery-staple-2' }, 'x'.repeat(40)), ...badSession);
  assert.ok((await answer({ NEW_PASSWORD: 'Battery-staple-2' })).AuthenticationResult.AccessToken);
  await refused(answer({ NEW_PASSWORD: 'Third-password-3' }), 'NotAuthorizedException', 'Invalid session for the user, session can only be used once.');
});

test('NEW_PASSWORD_REQUIRED does not take the alias of another user', async () => {
  const w = await world({ pool: { AliasAttributes: ['preferred_username'] } });
  await w.person({ preferred_username: 'ace' });
  for (const [Username, start, respond] of [['f1', w.start, user], ['f2', (name, password) => adminStart(w, name, password), admin]]) {
    await admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username, TemporaryPassword: 'Temporary-1', MessageAction: 'SUPPRESS' });
    const { ChallengeName, Session } = await start(Username, 'Temporary-1');
    const input = { ClientId: w.ClientId, ChallengeName, Session, ChallengeResponses: { USERNAME: Username, NEW_PASSWORD: Password, 'userAttributes.preferred_username': 'ace' } };
    await refused(respond === admin ? admin('AdminRespondToAuthChallenge', { UserPoolId: w.UserPoolId, ...input }) : user('RespondToAuthChallenge', input), 'AliasExistsException', 'An account with the preferred_username already exists.');
  }
});

works('RespondToAuthChallenge', 'NEW_PASSWORD_REQUIRED, and the attributes it wants', async () => {
  const w = await world({ pool: { Schema: [{ Name: 'name', Required: false }, { Name: 'given_name', Required: true }], Policies: { PasswordPolicy: { MinimumLength: 8, PasswordHistorySize: 2 } } } });
  const Username = 'forced';
  await admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username, TemporaryPassword: 'Temporary-1', MessageAction: 'SUPPRESS', UserAttributes: attributes({ given_name: 'A', email: 'f@example.com' }) });
  const asked = await w.start(Username, 'Temporary-1');
  assert.equal(asked.ChallengeName, 'NEW_PASSWORD_REQUIRED');
  assert.equal(asked.ChallengeParameters.USER_ID_FOR_SRP, Username);
  assert.equal(JSON.parse(asked.ChallengeParameters.userAttributes).email, 'f@example.com');
  assert.deepEqual(JSON.parse(asked.ChallengeParameters.requiredAttributes), []);
  const answer = (rest) => w.respond(asked, { USERNAME: Username, NEW_PASSWORD: 'Battery-staple-2', ...rest });
  await refused(answer({ NEW_PASSWORD: 'weak' }), 'InvalidPasswordException', 'Password did not conform with password policy: Password not long enough');
  await refused(answer({ NEW_PASSWORD: 'Temporary-1' }), 'PasswordHistoryPolicyViolationException');
  await refused(answer({ 'userAttributes.given_name': 'B' }), 'NotAuthorizedException', 'Cannot modify an already provided given_name');
  await refused(w.respond({ ...asked, Session: undefined }, { USERNAME: Username, NEW_PASSWORD: 'Battery-staple-2' }), 'InvalidParameterException', 'Missing required parameter Session');
  await refused(w.respond(asked, { USERNAME: await w.person({ given_name: 'O' }), NEW_PASSWORD: 'Battery-staple-2' }), ...badSession);
  const elsewhere = await makeClient(w.UserPoolId);
  await refused(user('RespondToAuthChallenge', { ClientId: elsewhere.ClientId, ChallengeName: asked.ChallengeName, Session: asked.Session, ChallengeResponses: { USERNAME: Username, NEW_PASSWORD: 'Battery-staple-2' } }), ...badSession);
  const done = await answer({ 'userAttributes.name': 'B' });
  assert.equal(claims(done.AuthenticationResult.IdToken).name, 'B');
  assert.equal((await w.get(Username)).UserStatus, 'CONFIRMED');
  await refused(answer({}), 'NotAuthorizedException', 'Invalid session for the user, session can only be used once.');
});

works('InitiateAuth RespondToAuthChallenge', 'SRP, by username and by alias', async () => {
  const w = await world({ pool: { AliasAttributes: ['email'] } });
  const Username = await w.person({ email: 'srp@example.com', email_verified: 'true' });
  const begin = async (USERNAME) => {
    const proof = srp.client();
    const asked = await user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME, SRP_A: proof.SRP_A } });
    assert.deepEqual([asked.ChallengeName, asked.Session, asked.ChallengeParameters.USER_ID_FOR_SRP], ['PASSWORD_VERIFIER', undefined, Username]);
    return { asked, answer: (password) => proof.answer(asked.ChallengeParameters, group(w), Username, password) };
  };
  for (const name of [Username, 'srp@example.com']) {
    const { asked, answer } = await begin(name);
    const right = answer(Password);
    const done = await w.respond(asked, { USERNAME: name, ...right });
    await verified(w.UserPoolId, w.ClientId, done.AuthenticationResult);
    await refused(w.respond(asked, { USERNAME: name, ...right }), 'NotAuthorizedException');
  }
  const { asked, answer } = await begin(Username);
  await refused(w.respond(asked, { USERNAME: Username, ...answer('Wrong-password-1') }), ...wrongPassword);
  await refused(w.respond(asked, { USERNAME: Username, ...answer(Password), TIMESTAMP: '2026-01-01' }), 'InvalidParameterException', 'TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.');
  await refused(user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME: Username, SRP_A: '0' } }), 'InvalidParameterException');
  await refused(user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME: Username } }), 'InvalidParameterException', 'Missing required parameter SRP_A');
});

test('a client that hides who exists challenges strangers too', async () => {
  const w = await world({ client: { PreventUserExistenceErrors: 'ENABLED' } });
  const begin = (USERNAME) => user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME, SRP_A: srp.client().SRP_A } });
  const [one, two] = [await begin('nobody'), await begin('nobody')];
  assert.equal(one.ChallengeName, 'PASSWORD_VERIFIER');
  assert.deepEqual([one.ChallengeParameters.SALT, one.ChallengeParameters.USER_ID_FOR_SRP], [two.ChallengeParameters.SALT, two.ChallengeParameters.USER_ID_FOR_SRP]);
  const proof = srp.client();
  const asked = await user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME: 'nobody', SRP_A: proof.SRP_A } });
  await refused(w.respond(asked, { USERNAME: 'nobody', ...proof.answer(asked.ChallengeParameters, group(w), asked.ChallengeParameters.USER_ID_FOR_SRP, Password) }), ...wrongPassword);
});

test('the secret hash of a confidential client', async () => {
  const w = await world({ client: { GenerateSecret: true } });
  const Username = await w.person();
  const hash = (name) => createHmac('sha256', w.ClientSecret).update(name + w.ClientId).digest('base64');
  const start = (SECRET_HASH) => user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password, ...(SECRET_HASH ? { SECRET_HASH } : {}) } });
  await refused(start(), 'NotAuthorizedException', `Client ${w.ClientId} is configured with secret but SECRET_HASH was not received`);
  await refused(start(hash('another')), 'NotAuthorizedException', `Unable to verify secret hash for client ${w.ClientId}`);
  const { AuthenticationResult } = await start(hash(Username));
  const refresh = (SECRET_HASH) => user('InitiateAuth', { ClientId: w.ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: AuthenticationResult.RefreshToken, SECRET_HASH } });
  await refused(refresh(hash('another')), 'NotAuthorizedException', `SecretHash does not match for the client: ${w.ClientId}`);
  assert.ok((await refresh(hash(Username))).AuthenticationResult.AccessToken);
  const { RefreshToken } = AuthenticationResult;
  await refused(user('GetTokensFromRefreshToken', { ClientId: w.ClientId, RefreshToken, ClientSecret: 'x'.repeat(24) }), 'NotAuthorizedException', `Unable to verify secret for client ${w.ClientId}`);
  await refused(user('RevokeToken', { ClientId: w.ClientId, Token: RefreshToken, ClientSecret: 'x'.repeat(24) }), 'UnauthorizedException', `Unable to verify secret for client ${w.ClientId}`);
  await user('RevokeToken', { ClientId: w.ClientId, Token: RefreshToken, ClientSecret: w.ClientSecret });
});

works('InitiateAuth GetTokensFromRefreshToken', 'a refresh', async () => {
  const w = await world();
  const Username = await w.person();
  const first = await w.signIn(Username);
  for (const { AuthenticationResult: next } of [await w.refresh(first.RefreshToken), await user('GetTokensFromRefreshToken', { ClientId: w.ClientId, RefreshToken: first.RefreshToken })]) {
    assert.equal(next.RefreshToken, undefined, 'the client keeps its own');
    const { access } = await verified(w.UserPoolId, w.ClientId, next);
    assert.deepEqual([access.origin_jti, access.auth_time], [claims(first.AccessToken).origin_jti, claims(first.AccessToken).auth_time]);
    assert.notEqual(access.jti, claims(first.AccessToken).jti);
  }
  const invalid = ['NotAuthorizedException', 'Invalid Refresh Token'];
  const elsewhere = await makeClient(w.UserPoolId);
  for (const [ClientId, RefreshToken] of [[w.ClientId, 'junk'], [w.ClientId, first.AccessToken], [elsewhere.ClientId, first.RefreshToken]]) {
    await refused(user('InitiateAuth', { ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: RefreshToken } }), ...invalid);
    await refused(user('GetTokensFromRefreshToken', { ClientId, RefreshToken }), ...invalid);
  }
  await admin('AdminDeleteUser', { UserPoolId: w.UserPoolId, Username });
  await refused(user('GetTokensFromRefreshToken', { ClientId: w.ClientId, RefreshToken: first.RefreshToken }), 'UserNotFoundException', 'User does not exist.');
});

works('GetTokensFromRefreshToken', 'a rotated refresh token dies, and takes its sign-in with it', async () => {
  const w = await world({ client: { ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'], RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 0 } } });
  const { RefreshToken } = await w.signIn(await w.person());
  const redeem = (token) => user('GetTokensFromRefreshToken', { ClientId: w.ClientId, RefreshToken: token });
  const { AuthenticationResult: next } = await redeem(RefreshToken);
  assert.ok(next.RefreshToken && next.RefreshToken !== RefreshToken);
  await refused(w.refresh(next.RefreshToken), 'InvalidParameterException', 'REFRESH_TOKEN_AUTH is not enabled for the client.');
  await refused(redeem(RefreshToken), 'RefreshTokenReuseException');
  await refused(redeem(next.RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
});

works('RevokeToken', 'a revoked sign-in, and no other', async () => {
  const w = await world();
  const { ClientId } = w;
  const Username = await w.person();
  const [one, other] = [await w.signIn(Username), await w.signIn(Username)];
  const revoke = (Token, client = ClientId) => user('RevokeToken', { ClientId: client, Token });
  await revoke(one.RefreshToken);
  await revoke(one.RefreshToken);
  await refused(user('GetUser', { AccessToken: one.AccessToken }), 'NotAuthorizedException', 'Access Token has been revoked');
  await refused(w.refresh(one.RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
  assert.equal((await user('GetUser', { AccessToken: other.AccessToken })).Username, Username);
  await refused(revoke(other.AccessToken), 'UnsupportedTokenTypeException');
  const elsewhere = await makeClient(w.UserPoolId, { EnableTokenRevocation: false });
  await refused(revoke(other.RefreshToken, elsewhere.ClientId), 'UnsupportedOperationException', `Token revocation is not enabled for client ${elsewhere.ClientId}`);
  await refused(revoke(other.RefreshToken, (await makeClient(w.UserPoolId)).ClientId), 'UnauthorizedException', 'Invalid Refresh Token');
  await refused(revoke(other.RefreshToken, '0'.repeat(26)), 'UnauthorizedException', `User pool client ${'0'.repeat(26)} does not exist.`);
});

test('a token without the scope, a forged one, and an ID token for an access token', async () => {
  const w = await world({ client: { GenerateSecret: true } });
  await admin('CreateResourceServer', { UserPoolId: w.UserPoolId, Identifier: 'api', Name: 'API', Scopes: [{ ScopeName: 'read', ScopeDescription: 'r' }] });
  const { ClientId, ClientSecret } = await makeClient(w.UserPoolId, { GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['client_credentials'], AllowedOAuthScopes: ['api/read'] });
  const answer = await fetch(`${env.POOLHOUSE_URL}/${w.UserPoolId}/oauth2/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: ClientId, client_secret: ClientSecret }) });
  const { access_token: AccessToken } = await answer.json();
  await refused(user('GetUser', { AccessToken }), 'NotAuthorizedException', 'Access Token does not have required scopes');
  const open = await world();
  const own = await open.signIn(await open.person());
  const [header, payload, signature] = own.AccessToken.split('.');
  const forged = Buffer.from(JSON.stringify({ ...claims(own.AccessToken), username: 'another' })).toString('base64url');
  for (const token of [own.IdToken, `${header}.${forged}.${signature}`, `${header}.${payload}.`]) {
    await refused(user('GetUser', { AccessToken: token }), 'NotAuthorizedException', 'Invalid Access Token');
  }
});

works('GetSigningCertificate', 'the certificate that a pool signs SAML messages with', async () => {
  const w = await world();
  const { Certificate } = await admin('GetSigningCertificate', { UserPoolId: w.UserPoolId });
  const certificate = new X509Certificate(Buffer.from(Certificate, 'base64'));
  assert.match(certificate.subject, new RegExp(w.UserPoolId));
  const metadata = await (await fetch(`${env.POOLHOUSE_URL}/${w.UserPoolId}/saml2/metadata`)).text();
  assert.ok(metadata.replace(/\s/g, '').includes(Certificate), 'metadata publishes it');
});

test('a signed public operation is served all the same', async () => {
  const w = await world();
  const { AccessToken } = await w.signIn(await w.person());
  assert.deepEqual((await admin('GetUser', { AccessToken })).Username, (await app('idp', 'GetUser', { AccessToken })).Username);
});
