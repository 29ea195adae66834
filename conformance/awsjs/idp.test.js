// User pools through the AWS SDK for JavaScript v3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, env, refused, root, signIn } from './clients.js';

const UserPoolId = env.POOLHOUSE_POOL_ID;
const ClientId = env.POOLHOUSE_CLIENT_ID;

test('pools: create, describe, list, update, delete', async () => {
  const { UserPool } = await root('idp', 'CreateUserPool', { PoolName: 'js', AutoVerifiedAttributes: ['email'] });
  assert.match(UserPool.Id, /^us-east-1_[A-Za-z0-9]{9}$/);
  assert.ok(UserPool.CreationDate instanceof Date);
  assert.deepEqual(UserPool.Policies.PasswordPolicy, { MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, TemporaryPasswordValidityDays: 7 });
  await root('idp', 'UpdateUserPool', { UserPoolId: UserPool.Id, UserPoolTags: { stage: 'test' } });
  const described = await root('idp', 'DescribeUserPool', { UserPoolId: UserPool.Id });
  assert.deepEqual(described.UserPool.UserPoolTags, { stage: 'test' });
  assert.equal(described.UserPool.AutoVerifiedAttributes, undefined, 'an update resets what it leaves out');
  const { UserPools } = await root('idp', 'ListUserPools', { MaxResults: 60 });
  assert.ok(UserPools.some((p) => p.Id === UserPool.Id));
  await root('idp', 'DeleteUserPool', { UserPoolId: UserPool.Id });
  await refused(root('idp', 'DescribeUserPool', { UserPoolId: UserPool.Id }), 'ResourceNotFoundException', `User pool ${UserPool.Id} does not exist.`);
});

test('clients: create, describe, list, update, delete', async () => {
  const { UserPoolClient: made } = await root('idp', 'CreateUserPoolClient', { UserPoolId, ClientName: 'js', GenerateSecret: true });
  assert.match(made.ClientId, /^[a-z0-9]{26}$/);
  assert.ok(made.ClientSecret.length >= 40);
  await root('idp', 'UpdateUserPoolClient', { UserPoolId, ClientId: made.ClientId, ClientName: 'renamed', AccessTokenValidity: 5, TokenValidityUnits: { AccessToken: 'minutes' } });
  const { UserPoolClient } = await root('idp', 'DescribeUserPoolClient', { UserPoolId, ClientId: made.ClientId });
  assert.equal(UserPoolClient.ClientName, 'renamed');
  assert.equal(UserPoolClient.AccessTokenValidity, 5);
  const { UserPoolClients } = await root('idp', 'ListUserPoolClients', { UserPoolId, MaxResults: 60 });
  assert.ok(UserPoolClients.some((c) => c.ClientId === made.ClientId));
  await root('idp', 'DeleteUserPoolClient', { UserPoolId, ClientId: made.ClientId });
  await refused(root('idp', 'DescribeUserPoolClient', { UserPoolId, ClientId: made.ClientId }), 'ResourceNotFoundException', `User pool client ${made.ClientId} does not exist.`);
});

test('domains: create, describe, list errors, delete', async () => {
  await root('idp', 'CreateUserPoolDomain', { UserPoolId, Domain: 'js-suite' });
  const { DomainDescription } = await root('idp', 'DescribeUserPoolDomain', { Domain: 'js-suite' });
  assert.equal(DomainDescription.UserPoolId, UserPoolId);
  await refused(root('idp', 'CreateUserPoolDomain', { UserPoolId, Domain: 'my-cognito' }), 'InvalidParameterException', 'Domain cannot contain reserved word: cognito');
  await root('idp', 'DeleteUserPoolDomain', { UserPoolId, Domain: 'js-suite' });
});

test('users: create, get, list, set password, forced change', async () => {
  const Username = 'js-user';
  await root('idp', 'AdminCreateUser', { UserPoolId, Username, TemporaryPassword: 'Temporary-1', MessageAction: 'SUPPRESS', UserAttributes: [{ Name: 'email', Value: 'js@example.com' }] });
  const got = await root('idp', 'AdminGetUser', { UserPoolId, Username });
  assert.equal(got.UserStatus, 'FORCE_CHANGE_PASSWORD');
  const { Users } = await root('idp', 'ListUsers', { UserPoolId, Filter: 'username = "js-user"' });
  assert.equal(Users.length, 1);
  const first = await app('idp', 'InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: 'Temporary-1' } });
  assert.equal(first.ChallengeName, 'NEW_PASSWORD_REQUIRED');
  const answer = { ClientId, ChallengeName: first.ChallengeName, Session: first.Session, ChallengeResponses: { USERNAME: Username, NEW_PASSWORD: 'Permanent-2' } };
  assert.ok((await app('idp', 'RespondToAuthChallenge', answer)).AuthenticationResult.AccessToken);
  await refused(app('idp', 'RespondToAuthChallenge', answer), 'NotAuthorizedException');
  await root('idp', 'AdminSetUserPassword', { UserPoolId, Username, Password: 'Another-3', Permanent: true });
  await signIn(Username, 'Another-3');
  await root('idp', 'AdminDeleteUser', { UserPoolId, Username });
  await refused(root('idp', 'AdminGetUser', { UserPoolId, Username }), 'UserNotFoundException', 'User does not exist.');
});

test('admin sign-in', async () => {
  const out = await root('idp', 'AdminInitiateAuth', { UserPoolId, ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: env.POOLHOUSE_USERNAME, PASSWORD: env.POOLHOUSE_PASSWORD } });
  assert.ok(out.AuthenticationResult.RefreshToken);
  await refused(app('idp', 'InitiateAuth', { ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'a', PASSWORD: 'b' } }), 'InvalidParameterException');
});

test('sign-up, resend, wrong code', async () => {
  const Username = 'js-signup';
  const out = await app('idp', 'SignUp', { ClientId, Username, Password: 'Fresh-password-3', UserAttributes: [{ Name: 'email', Value: 'signup@example.com' }] });
  assert.equal(out.UserConfirmed, false);
  assert.equal(out.CodeDeliveryDetails.Destination, 's***@e***');
  await app('idp', 'ResendConfirmationCode', { ClientId, Username });
  await refused(app('idp', 'ConfirmSignUp', { ClientId, Username, ConfirmationCode: '000000' }), 'CodeMismatchException', 'Invalid verification code provided, please try again.');
  await refused(app('idp', 'SignUp', { ClientId, Username, Password: 'Fresh-password-3' }), 'UsernameExistsException', 'User already exists');
});

test('tokens: GetUser, refresh, revoke, global sign-out', async () => {
  const session = await signIn();
  const me = await app('idp', 'GetUser', { AccessToken: session.AccessToken });
  assert.equal(me.Username, env.POOLHOUSE_USERNAME);
  const refresh = (token) => app('idp', 'InitiateAuth', { ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: token } });
  assert.ok((await refresh(session.RefreshToken)).AuthenticationResult.IdToken);
  await app('idp', 'RevokeToken', { ClientId, Token: session.RefreshToken });
  await refused(refresh(session.RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
  const second = await signIn();
  await app('idp', 'GlobalSignOut', { AccessToken: second.AccessToken });
  await refused(app('idp', 'GetUser', { AccessToken: second.AccessToken }), 'NotAuthorizedException', 'Access Token has been revoked');
});

test('groups', async () => {
  const GroupName = 'js-group';
  await root('idp', 'CreateGroup', { UserPoolId, GroupName, Precedence: 3, Description: 'a group' });
  await root('idp', 'AdminAddUserToGroup', { UserPoolId, GroupName, Username: env.POOLHOUSE_USERNAME });
  assert.equal((await root('idp', 'GetGroup', { UserPoolId, GroupName })).Group.Precedence, 3);
  assert.ok((await root('idp', 'ListGroups', { UserPoolId })).Groups.some((g) => g.GroupName === GroupName));
  assert.equal((await root('idp', 'ListUsersInGroup', { UserPoolId, GroupName })).Users.length, 1);
  assert.equal((await root('idp', 'AdminListGroupsForUser', { UserPoolId, Username: env.POOLHOUSE_USERNAME })).Groups.length, 1);
  await root('idp', 'UpdateGroup', { UserPoolId, GroupName, Description: 'changed' });
  await root('idp', 'AdminRemoveUserFromGroup', { UserPoolId, GroupName, Username: env.POOLHOUSE_USERNAME });
  await root('idp', 'DeleteGroup', { UserPoolId, GroupName });
  await refused(root('idp', 'GetGroup', { UserPoolId, GroupName }), 'ResourceNotFoundException');
});
