// What holds for every operation: malformed requests, callers without permission,
// and pools, clients, users and tokens that are not there.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { as, refused, root } from './clients.js';
import * as impossible from './impossible.js';
import { declared, members, operations, required, signed, written } from './model.js';
import { requests } from './requests.js';
import { admin, makeClient, user, world } from './world.js';

const caller = (operation) => (signed(operation) ? admin : user);
const lacking = { UserPoolId: 'us-east-1_000000000', ClientId: '0'.repeat(26), Username: 'nobody', AccessToken: 'x' };
const those = (keep) => operations.filter((o) => written.has(o) && keep(o, members(o)));

// each runs check for many operations and reports all that fail, not the first.
async function each(names, check) {
  assert.ok(names.length > 0);
  const faults = [];
  for (const operation of names) await check(operation).catch((e) => faults.push(`${operation}: ${e.message}`));
  assert.deepEqual(faults, []);
}

let w;
before(async () => { w = await world({ client: { GenerateSecret: false } }); });

test('the suite knows a request for each operation', () => {
  assert.deepEqual(Object.keys(requests(lacking)), operations);
});

test('a required member that is missing is named', () => each(those((o) => required(o).length > 0), async (operation) => {
  const [first] = required(operation);
  const input = { ...requests({ ...w, ...lacking })[operation] };
  delete input[first];
  const member = first[0].toLowerCase() + first.slice(1);
  await refused(caller(operation)(operation, input), 'InvalidParameterException', `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`);
}));

// loose are the operations whose model requires nothing, and what they say of that.
const loose = {
  AssociateSoftwareToken: 'Either AccessToken or Session is required, and not both.',
  UpdateManagedLoginBranding: 'UserPoolId and ManagedLoginBrandingId are required.',
};

test('operations without a required member want what they need all the same', () => each(those((o) => required(o).length === 0), (operation) => (
  refused(caller(operation)(operation, {}), 'InvalidParameterException', loose[operation])
)));

test('a value of the wrong form is named', () => each(those((_, m) => m.UserPoolId?.shape === 'UserPoolIdType'), (operation) => (
  refused(caller(operation)(operation, requests({ ...lacking, UserPoolId: 'no pool' })[operation]), 'InvalidParameterException', /'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: \[\\w-\]\+_\[0-9a-zA-Z\]\+/)
)));

test('administration is signed, and permitted', async () => {
  const { AccessKey } = (await root('iam', 'CreateUser', { UserName: 'nobody' }), await root('iam', 'CreateAccessKey', { UserName: 'nobody' }));
  const nobody = as({ accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey });
  await each(those(signed), async (operation) => {
    const input = requests({ ...lacking, ...w })[operation];
    await refused(user(operation, input), 'MissingAuthenticationTokenException');
    await refused(nobody('idp', operation, input), 'AccessDeniedException', /is not authorized to perform: cognito-idp:/);
  });
});

test('a pool that does not exist', () => each(those((_, m) => m.UserPoolId || m.ResourceArn), (operation) => (
  refused(caller(operation)(operation, requests(lacking)[operation]), 'ResourceNotFoundException', 'User pool us-east-1_000000000 does not exist.')
)));

const unknownClient = `User pool client ${lacking.ClientId} does not exist.`;

test('a client that does not exist, or is of another pool', async () => {
  const other = await world();
  await each(those((o, m) => m.ClientId && declared(o).includes('ResourceNotFoundException')), async (operation) => {
    await refused(caller(operation)(operation, requests({ ...w, ...lacking, UserPoolId: w.UserPoolId })[operation]), 'ResourceNotFoundException', unknownClient);
    if (!members(operation).UserPoolId) return;
    await refused(caller(operation)(operation, requests({ ...lacking, UserPoolId: w.UserPoolId, ClientId: other.ClientId })[operation]), 'ResourceNotFoundException', `User pool client ${other.ClientId} does not exist.`);
  });
});

test('a user who does not exist', () => each(those((o, m) => m.Username && declared(o).includes('UserNotFoundException') && !impossible.at[o]?.UserNotFoundException), async (operation) => {
  const text = ['ForgotPassword', 'ResendConfirmationCode'].includes(operation) ? 'Username/client id combination not found.' : 'User does not exist.';
  await refused(caller(operation)(operation, requests({ ...w, Username: 'nobody' })[operation]), 'UserNotFoundException', text);
}));

// held is an access token of a new user, and what was done since that kills it.
async function held(kill) {
  const Username = await w.person({ email: 'held@example.com' });
  const { AccessToken } = await w.signIn(Username);
  await kill(Username);
  return AccessToken;
}
const byToken = those((_, m) => m.AccessToken);
const withToken = (AccessToken, name, text) => each(byToken, async (operation) => {
  await refused(user(operation, requests({ ...w, AccessToken })[operation]), name, text);
});

test('a token that is none', () => withToken('not.a.token', 'NotAuthorizedException', 'Invalid Access Token'));

test('a token that was revoked', async () => {
  await withToken(await held((Username) => admin('AdminUserGlobalSignOut', { UserPoolId: w.UserPoolId, Username })), 'NotAuthorizedException', 'Access Token has been revoked');
});

test('a token of a user who has to reset the password', async () => {
  const AccessToken = await held(async (Username) => {
    await admin('AdminUpdateUserAttributes', { UserPoolId: w.UserPoolId, Username, UserAttributes: [{ Name: 'email_verified', Value: 'true' }] });
    await admin('AdminResetUserPassword', { UserPoolId: w.UserPoolId, Username });
  });
  await withToken(AccessToken, 'NotAuthorizedException', 'Access Token has been revoked');
});

test('a token of a disabled user', async () => {
  await withToken(await held((Username) => admin('AdminDisableUser', { UserPoolId: w.UserPoolId, Username })), 'NotAuthorizedException', 'User is disabled.');
});

// gone is how operations say that a token's user or client is not there any more: by
// the error that they declare for it, else as for any token that was revoked.
const passkeys = ['StartWebAuthnRegistration', 'CompleteWebAuthnRegistration', 'ListWebAuthnCredentials', 'DeleteWebAuthnCredential'];
const gone = (AccessToken, undeclaredBy, error, text) => each(byToken, (operation) => (
  refused(user(operation, requests({ ...w, AccessToken })[operation]), ...(undeclaredBy.includes(operation) ? ['NotAuthorizedException', 'Access Token has been revoked'] : [error, text]))
));

test('a token of a deleted user', async () => {
  await gone(await held((Username) => admin('AdminDeleteUser', { UserPoolId: w.UserPoolId, Username })), [...passkeys, 'AssociateSoftwareToken', 'GlobalSignOut'], 'UserNotFoundException', 'User does not exist.');
});

test('a token of a deleted pool', async () => {
  const gone = await world();
  const { AccessToken } = await gone.signIn(await gone.person());
  await admin('DeleteUserPool', { UserPoolId: gone.UserPoolId });
  await withToken(AccessToken, 'NotAuthorizedException', 'Invalid Access Token');
});

test('a token of a deleted client', async () => {
  const { ClientId } = await makeClient(w.UserPoolId);
  const Username = await w.person();
  const { AuthenticationResult: { AccessToken } } = await user('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: 'Correct-horse-1' } });
  await admin('DeleteUserPoolClient', { UserPoolId: w.UserPoolId, ClientId });
  await gone(AccessToken, passkeys, 'ResourceNotFoundException', `User pool client ${ClientId} does not exist.`);
});
