// App clients and resource servers.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, makeClient, makePool, Password, user, world } from './world.js';

works('CreateUserPoolClient DescribeUserPoolClient', 'a client has the defaults that AWS documents', async () => {
  const UserPoolId = await makePool();
  const { UserPoolClient: made } = await admin('CreateUserPoolClient', { UserPoolId, ClientName: 'plain' });
  const { ClientId, CreationDate, LastModifiedDate, ExplicitAuthFlows, ...rest } = made;
  assert.match(ClientId, /^[a-z0-9]{26}$/);
  assert.ok(CreationDate instanceof Date && LastModifiedDate instanceof Date);
  assert.deepEqual([...ExplicitAuthFlows].sort(), ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH']);
  assert.deepEqual(rest, {
    UserPoolId, ClientName: 'plain', RefreshTokenValidity: 30, AllowedOAuthFlowsUserPoolClient: false, EnableTokenRevocation: true,
    EnablePropagateAdditionalUserContextData: false, AuthSessionValidity: 3, TokenValidityUnits: {},
  });
  assert.deepEqual((await admin('DescribeUserPoolClient', { UserPoolId, ClientId })).UserPoolClient, made);
});

works('CreateUserPoolClient DescribeUserPoolClient', 'a client keeps what it was made with', async () => {
  const UserPoolId = await makePool();
  const settings = {
    ClientName: 'full', GenerateSecret: true, AccessTokenValidity: 10, IdTokenValidity: 20, RefreshTokenValidity: 3, TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'hours' },
    ReadAttributes: ['email', 'name'], WriteAttributes: ['name'], ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'], SupportedIdentityProviders: ['COGNITO'],
    CallbackURLs: ['https://app.example.com/cb', 'myapp://cb'], LogoutURLs: ['https://app.example.com/bye'], DefaultRedirectURI: 'myapp://cb', AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code'], AllowedOAuthScopes: ['openid', 'email'], PreventUserExistenceErrors: 'ENABLED', EnableTokenRevocation: false, AuthSessionValidity: 15,
  };
  const { ClientId } = (await admin('CreateUserPoolClient', { UserPoolId, ...settings })).UserPoolClient;
  const { GenerateSecret, ...kept } = settings;
  const { UserPoolClient } = await admin('DescribeUserPoolClient', { UserPoolId, ClientId });
  assert.ok(UserPoolClient.ClientSecret.length >= 40);
  for (const [member, value] of Object.entries(kept)) assert.deepEqual(UserPoolClient[member], value, member);
});

test('what a client may not be', async () => {
  const UserPoolId = await makePool();
  const make = (settings) => admin('CreateUserPoolClient', { UserPoolId, ClientName: 'bad', ...settings });
  await refused(make({ ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'] }), 'InvalidParameterException', 'REFRESH_TOKEN_AUTH should always be allowed.');
  await refused(make({ ExplicitAuthFlows: ['ADMIN_NO_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] }), 'InvalidParameterException');
  await refused(make({ CallbackURLs: ['http://app.example.com/cb'] }), 'InvalidParameterException', 'http://app.example.com/cb cannot use the HTTP protocol.');
  await refused(make({ CallbackURLs: ['https://app.example.com/cb#part'] }), 'InvalidParameterException');
  await refused(make({ AccessTokenValidity: 2, TokenValidityUnits: { AccessToken: 'minutes' } }), 'InvalidParameterException', 'Invalid range for token validity.');
  await refused(make({ SupportedIdentityProviders: ['Nowhere'] }), 'InvalidParameterException', `The provider Nowhere does not exist for User Pool ${UserPoolId}.`);
  await refused(make({ ReadAttributes: ['custom:none'] }), 'InvalidParameterException', 'Invalid attribute custom:none specified for the client.');
  const oauth = { AllowedOAuthFlowsUserPoolClient: true, GenerateSecret: true };
  await refused(make({ ...oauth, AllowedOAuthFlows: ['client_credentials', 'code'], AllowedOAuthScopes: ['openid'] }), 'InvalidOAuthFlowException', 'client_credentials flow can not be selected along with code flow or implicit flow.');
  await refused(make({ ...oauth, AllowedOAuthFlows: ['code'], AllowedOAuthScopes: ['unknown/scope'] }), 'ScopeDoesNotExistException', 'Invalid scope requested: unknown/scope');
});

works('UpdateUserPoolClient', 'an update sets what it names and resets the rest; the secret stays', async () => {
  const UserPoolId = await makePool();
  const { ClientId, ClientSecret } = await makeClient(UserPoolId, { GenerateSecret: true, CallbackURLs: ['https://app.example.com/cb'] });
  await admin('UpdateUserPoolClient', { UserPoolId, ClientId, ClientName: 'renamed', AccessTokenValidity: 5, TokenValidityUnits: { AccessToken: 'minutes' } });
  const { UserPoolClient } = await admin('DescribeUserPoolClient', { UserPoolId, ClientId });
  assert.equal(UserPoolClient.ClientName, 'renamed');
  assert.equal(UserPoolClient.AccessTokenValidity, 5);
  assert.deepEqual(UserPoolClient.TokenValidityUnits, { AccessToken: 'minutes', IdToken: 'hours', RefreshToken: 'days' }, 'one unit shows all');
  assert.equal(UserPoolClient.ClientSecret, ClientSecret);
  assert.equal(UserPoolClient.CallbackURLs, undefined);
  const update = (settings) => admin('UpdateUserPoolClient', { UserPoolId, ClientId, ...settings });
  await refused(update({ AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['code'], AllowedOAuthScopes: ['unknown/scope'] }), 'ScopeDoesNotExistException');
  await refused(update({ AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['client_credentials', 'implicit'], AllowedOAuthScopes: ['openid'] }), 'InvalidOAuthFlowException');
  const open = await makeClient(UserPoolId);
  await refused(admin('UpdateUserPoolClient', { UserPoolId, ClientId: open.ClientId, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['client_credentials'], AllowedOAuthScopes: ['openid'] }), 'InvalidOAuthFlowException', 'client_credentials flow can not be selected if client does not have a client secret.');
});

works('ListUserPoolClients', 'clients are listed in pages, without their secrets', async () => {
  const UserPoolId = await makePool();
  const made = [];
  for (const ClientName of ['one', 'two', 'three']) made.push(await makeClient(UserPoolId, { ClientName, GenerateSecret: true }));
  assert.equal((await admin('ListUserPoolClients', { UserPoolId, MaxResults: 2 })).UserPoolClients.length, 2);
  const all = await allPages('ListUserPoolClients', { UserPoolId, MaxResults: 2 }, 'UserPoolClients');
  const brief = ({ ClientId, ClientName }) => ({ ClientId, UserPoolId, ClientName });
  const byName = (a, b) => a.ClientName.localeCompare(b.ClientName);
  assert.deepEqual(all.sort(byName), made.map(brief).sort(byName));
  await refused(admin('ListUserPoolClients', { UserPoolId, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
});

works('DeleteUserPoolClient', 'a deleted client signs nobody in', async () => {
  const w = await world();
  const name = await w.person();
  const { RefreshToken } = await w.signIn(name);
  await admin('DeleteUserPoolClient', { UserPoolId: w.UserPoolId, ClientId: w.ClientId });
  const gone = `User pool client ${w.ClientId} does not exist.`;
  await refused(admin('DescribeUserPoolClient', { UserPoolId: w.UserPoolId, ClientId: w.ClientId }), 'ResourceNotFoundException', gone);
  await refused(w.start(name), 'ResourceNotFoundException', gone);
  await refused(w.refresh(RefreshToken), 'ResourceNotFoundException', gone);
});

works('AddUserPoolClientSecret ListUserPoolClientSecrets DeleteUserPoolClientSecret', 'two secrets at once, so that an app can move to a new one', async () => {
  const w = await world({ client: { GenerateSecret: true } });
  const { UserPoolId, ClientId } = w;
  const client = { UserPoolId, ClientId };
  const list = async () => (await admin('ListUserPoolClientSecrets', client)).ClientSecrets;
  const [first] = await list();
  assert.ok(first.ClientSecretCreateDate instanceof Date);
  assert.equal(first.ClientSecretValue, undefined, 'a list shows no secret');
  const { ClientSecretDescriptor: second } = await admin('AddUserPoolClientSecret', client);
  assert.ok(second.ClientSecretValue.length >= 24);
  assert.deepEqual((await list()).map((s) => s.ClientSecretId), [first.ClientSecretId, second.ClientSecretId]);
  await refused(admin('AddUserPoolClientSecret', client), 'LimitExceededException');

  const Username = await w.person();
  const start = (secret) => {
    const SECRET_HASH = createHmac('sha256', secret).update(Username + ClientId).digest('base64');
    return user('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password, SECRET_HASH } });
  };
  for (const secret of [w.ClientSecret, second.ClientSecretValue]) assert.ok((await start(secret)).AuthenticationResult);
  await admin('DeleteUserPoolClientSecret', { ...client, ClientSecretId: first.ClientSecretId });
  await refused(start(w.ClientSecret), 'NotAuthorizedException', `Unable to verify secret hash for client ${ClientId}`);
  assert.ok((await start(second.ClientSecretValue)).AuthenticationResult);
  assert.equal((await admin('DescribeUserPoolClient', client)).UserPoolClient.ClientSecret, second.ClientSecretValue);
  await refused(admin('DeleteUserPoolClientSecret', { ...client, ClientSecretId: first.ClientSecretId }), 'ResourceNotFoundException');
  await refused(admin('DeleteUserPoolClientSecret', { ...client, ClientSecretId: second.ClientSecretId }), 'InvalidParameterException', 'The last secret of an app client cannot be deleted.');
  const own = 'a1'.repeat(16);
  const { ClientSecretDescriptor: chosen } = await admin('AddUserPoolClientSecret', { ...client, ClientSecret: own });
  assert.ok((await start(own)).AuthenticationResult, `${chosen.ClientSecretId} is the secret that was given`);
});

works('CreateResourceServer DescribeResourceServer UpdateResourceServer ListResourceServers DeleteResourceServer', 'resource servers and their scopes', async () => {
  const UserPoolId = await makePool();
  const Identifier = 'https://api.example.com';
  const read = { ScopeName: 'read', ScopeDescription: 'Read things' };
  const { ResourceServer } = await admin('CreateResourceServer', { UserPoolId, Identifier, Name: 'API', Scopes: [read] });
  assert.deepEqual(ResourceServer, { UserPoolId, Identifier, Name: 'API', Scopes: [read] });
  assert.deepEqual((await admin('DescribeResourceServer', { UserPoolId, Identifier })).ResourceServer, ResourceServer);
  const client = { AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['code'], AllowedOAuthScopes: [`${Identifier}/read`] };
  assert.deepEqual((await makeClient(UserPoolId, client)).AllowedOAuthScopes, [`${Identifier}/read`]);
  await refused(admin('CreateResourceServer', { UserPoolId, Identifier, Name: 'again' }), 'InvalidParameterException', `${Identifier} already exists in user pool ${UserPoolId}.`);
  await refused(admin('CreateResourceServer', { UserPoolId, Identifier: 'other', Name: 'n', Scopes: [read, read] }), 'InvalidParameterException', 'The scope read is given twice.');

  const write = { ScopeName: 'write', ScopeDescription: 'Write things' };
  const updated = (await admin('UpdateResourceServer', { UserPoolId, Identifier, Name: 'API 2', Scopes: [write] })).ResourceServer;
  assert.deepEqual(updated, { UserPoolId, Identifier, Name: 'API 2', Scopes: [write] });
  await refused(makeClient(UserPoolId, client), 'ScopeDoesNotExistException');

  for (let i = 0; i < 24; i += 1) await admin('CreateResourceServer', { UserPoolId, Identifier: `server-${i}`, Name: 'n' });
  await refused(admin('CreateResourceServer', { UserPoolId, Identifier: 'one-more', Name: 'n' }), 'LimitExceededException', 'A user pool can have 25 resource servers.');
  const all = await allPages('ListResourceServers', { UserPoolId, MaxResults: 10 }, 'ResourceServers');
  assert.equal(all.length, 25);
  assert.deepEqual(all.find((s) => s.Identifier === Identifier), updated);

  await admin('DeleteResourceServer', { UserPoolId, Identifier });
  const gone = `Resource server ${Identifier} does not exist.`;
  for (const [operation, rest] of [['DescribeResourceServer', {}], ['DeleteResourceServer', {}], ['UpdateResourceServer', { Name: 'n' }]]) {
    await refused(admin(operation, { UserPoolId, Identifier, ...rest }), 'ResourceNotFoundException', gone);
  }
});
