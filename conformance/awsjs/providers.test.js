// Identity providers, the users linked to them, and replicas.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { env, refused, rootKey } from './clients.js';
import { watch, works } from './ledger.js';
import { served } from './impossible.js';
import { declared, members, operations, written } from './model.js';
import { requests } from './requests.js';
import { admin, allPages, makePool, Password, user, valueOf, world } from './world.js';

const oidc = { client_id: 'id', client_secret: 'secret', authorize_scopes: 'openid', oidc_issuer: 'https://issuer.example.com', attributes_request_method: 'GET',
  authorize_url: 'https://issuer.example.com/authorize', token_url: 'https://issuer.example.com/token', attributes_url: 'https://issuer.example.com/userinfo', jwks_uri: 'https://issuer.example.com/keys' };
const google = { client_id: 'id', client_secret: 'secret', authorize_scopes: 'openid email' };
const provider = (UserPoolId, ProviderName, rest = {}) => admin('CreateIdentityProvider', { UserPoolId, ProviderName, ProviderType: 'Google', ProviderDetails: google, ...rest });

works('CreateIdentityProvider DescribeIdentityProvider GetIdentityProviderByIdentifier UpdateIdentityProvider ListIdentityProviders DeleteIdentityProvider', 'identity providers of a pool', async () => {
  const UserPoolId = await makePool();
  const { IdentityProvider: made } = await provider(UserPoolId, 'Partner', { ProviderType: 'OIDC', ProviderDetails: oidc, AttributeMapping: { email: 'email' }, IdpIdentifiers: ['partner.example.com'] });
  assert.deepEqual([made.UserPoolId, made.ProviderName, made.ProviderType, made.AttributeMapping.email, made.IdpIdentifiers], [UserPoolId, 'Partner', 'OIDC', 'email', ['partner.example.com']]);
  assert.equal(made.ProviderDetails.oidc_issuer, oidc.oidc_issuer);
  const one = { UserPoolId, ProviderName: 'Partner' };
  assert.deepEqual((await admin('DescribeIdentityProvider', one)).IdentityProvider, made);
  assert.deepEqual((await admin('GetIdentityProviderByIdentifier', { UserPoolId, IdpIdentifier: 'partner.example.com' })).IdentityProvider, made);
  const updated = (await admin('UpdateIdentityProvider', { ...one, AttributeMapping: { name: 'name' } })).IdentityProvider;
  assert.deepEqual([updated.AttributeMapping.name, updated.IdpIdentifiers], ['name', ['partner.example.com']], 'what is left out stays');

  const { ProviderDetails: filled } = (await provider(UserPoolId, 'Social')).IdentityProvider;
  assert.deepEqual([filled.oidc_issuer, filled.attributes_url_add_attributes, filled.token_request_method], ['https://accounts.google.com', 'true', 'POST']);
  await admin('DeleteIdentityProvider', { UserPoolId, ProviderName: 'Social' });
  await refused(provider(UserPoolId, 'Other', { ProviderType: 'OIDC', ProviderDetails: { ...oidc, token_url: '', oidc_issuer: 'https://127.0.0.1:9' } }), 'InvalidParameterException', 'Unable to contact well-known endpoint');

  await refused(provider(UserPoolId, 'Partner'), 'DuplicateProviderException', 'A provider with the name Partner already exists.');
  await refused(provider(UserPoolId, 'Other', { ProviderDetails: { client_id: 'id' } }), 'InvalidParameterException', /^ProviderDetails of Google must contain /);
  await refused(provider(UserPoolId, 'Other', { AttributeMapping: { 'custom:none': 'x' } }), 'InvalidParameterException', 'Invalid attribute custom:none in AttributeMapping.');
  const { ClientId } = (await admin('CreateUserPoolClient', { UserPoolId, ClientName: 'c', SupportedIdentityProviders: ['COGNITO', 'Partner'] })).UserPoolClient;
  assert.ok(ClientId);

  const provision = (RequestedLimitValue) => admin('UpdateProvisionedLimit', { LimitDefinition: { LimitClass: 'API_CATEGORY', Attributes: { Category: 'UserPoolResourceUpdate' } }, RequestedLimitValue });
  await provision(100); // what follows is faster than anybody should be
  for (let i = 0; i < 299; i += 1) await provider(UserPoolId, `Provider${i}`);
  await refused(provider(UserPoolId, 'OneMore'), 'LimitExceededException', 'A user pool can have 300 identity providers.');
  const all = await allPages('ListIdentityProviders', { UserPoolId, MaxResults: 50 }, 'Providers');
  assert.equal(new Set(all.map((p) => p.ProviderName)).size, 300);
  await refused(admin('ListIdentityProviders', { UserPoolId, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
  await admin('DeleteIdentityProvider', { UserPoolId, ProviderName: 'Provider0' });
  for (const operation of ['DescribeIdentityProvider', 'UpdateIdentityProvider', 'DeleteIdentityProvider']) {
    await refused(admin(operation, { UserPoolId, ProviderName: 'Provider0' }), 'ResourceNotFoundException', 'Identity provider Provider0 does not exist.');
  }
  await refused(admin('GetIdentityProviderByIdentifier', { UserPoolId, IdpIdentifier: 'nobody' }), 'ResourceNotFoundException');
  await provision(15); // from here on this pool has none left
});

works('AdminLinkProviderForUser AdminDisableProviderForUser', 'a user is linked to somebody at a provider', async () => {
  const w = await world();
  const { UserPoolId } = w;
  await provider(UserPoolId, 'Google');
  const Username = await w.person();
  const other = await w.person();
  const source = (subject) => ({ ProviderName: 'Google', ProviderAttributeName: 'Cognito_Subject', ProviderAttributeValue: subject });
  const link = (name, subject) => admin('AdminLinkProviderForUser', { UserPoolId, DestinationUser: { ProviderName: 'Cognito', ProviderAttributeValue: name }, SourceUser: source(subject) });
  const identities = async () => JSON.parse(valueOf((await w.get(Username)).UserAttributes, 'identities') ?? '[]').map((i) => [i.providerName, i.userId]);
  await link(Username, 's1');
  assert.deepEqual(await identities(), [['Google', 's1']]);
  await refused(link(other, 's1'), 'AliasExistsException', 'The SourceUser is linked to another user already.');
  await refused(link(Username, 's1'), 'InvalidParameterException', 'SourceUser is already linked to DestinationUser');
  await refused(link('nobody', 's2'), 'UserNotFoundException', 'User does not exist.');
  for (const subject of ['s2', 's3', 's4', 's5']) await link(Username, subject);
  await refused(link(Username, 's6'), 'LimitExceededException', 'A user can be linked to 5 identities of providers.');
  await admin('AdminDisableProviderForUser', { UserPoolId, User: source('s1') });
  assert.deepEqual((await identities()).map(([, id]) => id), ['s2', 's3', 's4', 's5']);
  await refused(admin('AdminDisableProviderForUser', { UserPoolId, User: source('s1') }), 'UserNotFoundException', 'User does not exist.');
  await w.signIn(Username);
  await admin('AdminDisableProviderForUser', { UserPoolId, User: { ProviderName: 'Cognito', ProviderAttributeName: 'Cognito_Subject', ProviderAttributeValue: Username } });
  await refused(w.start(Username), 'NotAuthorizedException');
});

const abroad = watch(new idp.CognitoIdentityProviderClient({ endpoint: env.POOLHOUSE_URL, region: 'eu-west-1', maxAttempts: 1, credentials: rootKey }));
const inReplica = (operation, input) => abroad.send(new idp[`${operation}Command`](input));

works('CreateUserPoolReplica ListUserPoolReplicas UpdateUserPoolReplica DeleteUserPoolReplica', 'a pool is read under the name of another region', async () => {
  const UserPoolId = await makePool();
  const one = { UserPoolId, RegionName: 'eu-west-1' };
  const { UserPoolReplica } = await admin('CreateUserPoolReplica', one);
  assert.deepEqual([UserPoolReplica.RegionName, UserPoolReplica.Role, UserPoolReplica.Status], ['eu-west-1', 'SECONDARY', 'ACTIVE']);
  const list = async () => (await admin('ListUserPoolReplicas', { UserPoolId })).UserPoolReplicas.map((r) => [r.RegionName, r.Role, r.Status]);
  assert.deepEqual(await list(), [['us-east-1', 'PRIMARY', 'ACTIVE'], ['eu-west-1', 'SECONDARY', 'ACTIVE']]);
  assert.equal((await inReplica('DescribeUserPool', { UserPoolId })).UserPool.Id, UserPoolId);
  await refused(admin('CreateUserPoolReplica', one), 'InvalidParameterException', `User pool ${UserPoolId} has a replica in the region eu-west-1 already.`);
  await admin('UpdateUserPoolReplica', { ...one, Status: 'INACTIVE' });
  assert.deepEqual((await list())[1], ['eu-west-1', 'SECONDARY', 'INACTIVE']);
  await refused(inReplica('DescribeUserPool', { UserPoolId }), 'ResourceNotFoundException', `User pool ${UserPoolId} does not exist.`);
  await admin('DeleteUserPoolReplica', one);
  assert.equal((await list()).length, 1);
  const none = ['ResourceNotFoundException', `User pool ${UserPoolId} has no replica in the region eu-west-1.`];
  await refused(admin('DeleteUserPoolReplica', one), ...none);
  await refused(admin('UpdateUserPoolReplica', { ...one, Status: 'ACTIVE' }), ...none);
  for (let i = 1; i <= 10; i += 1) await admin('CreateUserPoolReplica', { UserPoolId, RegionName: `xx-test-${i % 10}`.replace('test', ['a', 'b'][Math.floor(i / 10)]) });
  await refused(admin('CreateUserPoolReplica', one), 'LimitExceededException', 'A user pool can have 10 replicas.');
});

test('a replica changes nothing', async () => {
  const w = await world();
  const Username = await w.person();
  await admin('CreateUserPoolReplica', { UserPoolId: w.UserPoolId, RegionName: 'eu-west-1' });
  const inputs = requests({ ...w, Username, AccessToken: 'x' });
  const faults = [];
  const all = operations.filter((o) => written.has(o) && declared(o).includes('OperationNotEnabledException') && !served(o) && (members(o).UserPoolId || members(o).ResourceArn));
  assert.ok(all.length > 20);
  for (const operation of all) {
    await refused(inReplica(operation, inputs[operation]), 'OperationNotEnabledException', `The replica of user pool ${w.UserPoolId} in eu-west-1 is read-only. Use the region us-east-1.`).catch((e) => faults.push(e.message));
  }
  assert.deepEqual(faults, []);
  const out = await inReplica('AdminInitiateAuth', { UserPoolId: w.UserPoolId, ClientId: w.ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password } });
  assert.equal((await user('GetUser', { AccessToken: out.AuthenticationResult.AccessToken })).Username, Username);
});
