// STS, IAM, identity pools and Sync through the AWS SDK for JavaScript v3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, as, env, identify, refused, root, signIn } from './clients.js';

const statement = (s) => JSON.stringify({ Version: '2012-10-17', Statement: [s] });

test('IAM and STS: a role, its policy, a session, a session policy', async () => {
  const { Arn, Account } = await root('sts', 'GetCallerIdentity');
  assert.equal(Arn, `arn:aws:iam::${Account}:root`);
  const { Role } = await root('iam', 'CreateRole', { RoleName: 'js', AssumeRolePolicyDocument: statement({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: Account } }) });
  await root('iam', 'PutRolePolicy', { RoleName: 'js', PolicyName: 'read', PolicyDocument: statement({ Effect: 'Allow', Action: ['cognito-idp:List*', 'cognito-idp:DescribeUserPool'], Resource: '*' }) });
  const assume = async (Policy) => {
    const { Credentials: c } = await root('sts', 'AssumeRole', { RoleArn: Role.Arn, RoleSessionName: 'js', Policy });
    assert.ok(c.Expiration > new Date());
    return as({ accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken });
  };
  const role = await assume();
  assert.equal((await role('sts', 'GetCallerIdentity')).Arn, `arn:aws:sts::${Account}:assumed-role/js/js`);
  await role('idp', 'DescribeUserPool', { UserPoolId: env.POOLHOUSE_POOL_ID });
  await refused(role('idp', 'DeleteUserPool', { UserPoolId: env.POOLHOUSE_POOL_ID }), 'AccessDeniedException');
  const narrow = await assume(statement({ Effect: 'Allow', Action: 'cognito-idp:ListUserPools', Resource: '*' }));
  await narrow('idp', 'ListUserPools', { MaxResults: 1 });
  await refused(narrow('idp', 'DescribeUserPool', { UserPoolId: env.POOLHOUSE_POOL_ID }), 'AccessDeniedException');
  await refused(root('iam', 'PutRolePolicy', { RoleName: 'js', PolicyName: 'bad', PolicyDocument: '{"Statement":"no"}' }), 'MalformedPolicyDocumentException');
});

test('web identity with a token of our own pool', async () => {
  const issuer = `${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}`;
  const { OpenIDConnectProviderArn } = await root('iam', 'CreateOpenIDConnectProvider', { Url: issuer, ClientIDList: [env.POOLHOUSE_CLIENT_ID] });
  const { Role } = await root('iam', 'CreateRole', { RoleName: 'js-web', AssumeRolePolicyDocument: statement({ Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: OpenIDConnectProviderArn } }) });
  const { IdToken } = await signIn();
  const input = { RoleArn: Role.Arn, RoleSessionName: 'web', WebIdentityToken: IdToken };
  const out = await app('sts', 'AssumeRoleWithWebIdentity', input);
  assert.equal(out.Audience, env.POOLHOUSE_CLIENT_ID);
  await refused(app('sts', 'AssumeRoleWithWebIdentity', { ...input, WebIdentityToken: `${IdToken.split('.').slice(0, 2).join('.')}.AAAA` }), 'InvalidIdentityTokenException');
});

test('a SAML provider is kept, and a junk assertion is refused', async () => {
  const metadata = await (await fetch(`${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}/saml/metadata`)).text();
  const { SAMLProviderArn } = await root('iam', 'CreateSAMLProvider', { Name: 'js', SAMLMetadataDocument: metadata });
  const { Role } = await root('iam', 'CreateRole', { RoleName: 'js-saml', AssumeRolePolicyDocument: statement({ Effect: 'Allow', Action: 'sts:AssumeRoleWithSAML', Principal: { Federated: SAMLProviderArn } }) });
  const junk = { RoleArn: Role.Arn, PrincipalArn: SAMLProviderArn, SAMLAssertion: Buffer.from('<no/>').toString('base64') };
  await refused(app('sts', 'AssumeRoleWithSAML', junk), 'InvalidIdentityTokenException');
});

test('identity pools: roles, GetId, GetOpenIdToken, credentials', async () => {
  const IdentityPoolId = env.POOLHOUSE_IDENTITY_POOL_ID;
  const { IdentityId, Logins, expires } = await identify();
  assert.match(IdentityId, /^us-east-1:[0-9a-f-]{36}$/);
  assert.ok(expires instanceof Date && expires - Date.now() <= 3600_000 + 60_000);
  const { Token } = await app('identity', 'GetOpenIdToken', { IdentityId, Logins });
  assert.equal(JSON.parse(Buffer.from(Token.split('.')[1], 'base64url')).sub, IdentityId);
  await refused(app('identity', 'GetId', { IdentityPoolId, Logins: { 'accounts.google.com': 'x' } }), 'NotAuthorizedException', 'Token is not from a supported provider of this identity pool.');
  const { IdentityPoolId: other } = await root('identity', 'CreateIdentityPool', { IdentityPoolName: 'js', AllowUnauthenticatedIdentities: true });
  const guest = await app('identity', 'GetId', { IdentityPoolId: other });
  await refused(app('identity', 'GetCredentialsForIdentity', { IdentityId: guest.IdentityId }), 'InvalidIdentityPoolConfigurationException');
  const { Role } = await root('iam', 'CreateRole', { RoleName: 'js-guest', AssumeRolePolicyDocument: statement({ Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: 'cognito-identity.amazonaws.com' }, Condition: { StringEquals: { 'cognito-identity.amazonaws.com:aud': other } } }) });
  await root('identity', 'SetIdentityPoolRoles', { IdentityPoolId: other, Roles: { unauthenticated: Role.Arn } });
  const { Credentials: c } = await app('identity', 'GetCredentialsForIdentity', { IdentityId: guest.IdentityId });
  const asGuest = as({ accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretKey, sessionToken: c.SessionToken });
  assert.match((await asGuest('sts', 'GetCallerIdentity')).Arn, /:assumed-role\/js-guest\//);
  await refused(app('identity', 'GetCredentialsForIdentity', { IdentityId, Logins: {} }), 'NotAuthorizedException');
});

test('sync: write, conflict, page, delete; and nobody else', async () => {
  const alice = await identify();
  const bob = await identify(env.POOLHOUSE_USERNAME2, env.POOLHOUSE_PASSWORD2);
  const at = { IdentityPoolId: env.POOLHOUSE_IDENTITY_POOL_ID, IdentityId: alice.IdentityId, DatasetName: 'notes' };
  const list = (from = 0) => alice.call('sync', 'ListRecords', { ...at, LastSyncCount: from });
  const { SyncSessionToken, DatasetExists } = await list();
  assert.equal(DatasetExists, false);
  const write = (token, key, value, count) => alice.call('sync', 'UpdateRecords', { ...at, SyncSessionToken: token, DeviceId: 'phone', RecordPatches: [{ Op: 'replace', Key: key, Value: value, SyncCount: count }] });
  const { Records } = await write(SyncSessionToken, 'a', '1', 0);
  assert.equal(Records[0].SyncCount, 1);
  const conflict = await refused(write((await list()).SyncSessionToken, 'a', '2', 0), 'ResourceConflictException', 'Current SyncCount for: a is: 1 not: 0');
  assert.equal(conflict.$metadata.httpStatusCode, 409);
  await write((await list()).SyncSessionToken, 'a', '2', 1);
  assert.equal((await list(1)).Records[0].Value, '2');
  assert.equal((await alice.call('sync', 'ListDatasets', { IdentityPoolId: at.IdentityPoolId, IdentityId: at.IdentityId })).Datasets[0].DatasetName, 'notes');
  assert.equal((await alice.call('sync', 'DescribeDataset', at)).Dataset.NumRecords, 1);
  await refused(bob.call('sync', 'ListRecords', at), 'NotAuthorizedException');
  await refused(bob.call('sync', 'DeleteDataset', at), 'NotAuthorizedException');
  await alice.call('sync', 'DeleteDataset', at);
  await refused(alice.call('sync', 'DescribeDataset', at), 'ResourceNotFoundException');
  assert.equal((await list(2)).DatasetDeletedAfterRequestedSyncCount, true);
});
