// An identity pool of a test's own, with guests, whose identities reach their own data.
import { app, as, env, root, signIn } from '../awsjs/clients.js';

const region = env.AWS_REGION;

export async function ownPool(name) {
  const provider = `cognito-idp.${region}.amazonaws.com/${env.POOLHOUSE_POOL_ID}`;
  const { IdentityPoolId } = await root('identity', 'CreateIdentityPool', {
    IdentityPoolName: name, AllowUnauthenticatedIdentities: true,
    CognitoIdentityProviders: [{ ProviderName: provider, ClientId: env.POOLHOUSE_CLIENT_ID }],
  });
  const trust = { Version: '2012-10-17', Statement: [{
    Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: 'cognito-identity.amazonaws.com' },
    Condition: { StringEquals: { 'cognito-identity.amazonaws.com:aud': IdentityPoolId } },
  }] };
  const own = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'cognito-sync:*', Resource: '*' }] };
  const RoleName = `own-${name}`;
  const { Role } = await root('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) });
  await root('iam', 'PutRolePolicy', { RoleName, PolicyName: 'own', PolicyDocument: JSON.stringify(own) });
  await root('identity', 'SetIdentityPoolRoles', { IdentityPoolId, Roles: { authenticated: Role.Arn, unauthenticated: Role.Arn } });
  const loginsOf = async (username, password) => ({ [provider]: (await signIn(username, password)).IdToken });
  return { IdentityPoolId, provider, loginsOf, alice: () => loginsOf(), bob: () => loginsOf(env.POOLHOUSE_USERNAME2, env.POOLHOUSE_PASSWORD2) };
}

// enter returns the identity of logins in a pool, a new guest without any, and calls
// of Sync in its name. With an identity given it goes on as that one, or as the one
// that it is merged into.
export async function enter(IdentityPoolId, Logins, given) {
  const id = given ?? (await app('identity', 'GetId', { IdentityPoolId, Logins })).IdentityId;
  const { IdentityId, Credentials: c } = await app('identity', 'GetCredentialsForIdentity', { IdentityId: id, Logins });
  const call = as({ accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretKey, sessionToken: c.SessionToken });
  const who = { IdentityPoolId, IdentityId };
  const sync = (operation, input = {}) => call('sync', operation, { ...who, ...input });
  const list = (DatasetName, more = {}) => sync('ListRecords', { DatasetName, LastSyncCount: 0, ...more });
  const put = async (DatasetName, Key, Value, { DeviceId, SyncCount = 0 } = {}) => sync('UpdateRecords', {
    DatasetName, DeviceId, SyncSessionToken: (await list(DatasetName)).SyncSessionToken,
    RecordPatches: [{ Op: 'replace', Key, Value, SyncCount }],
  });
  return { IdentityId, sync, list, put };
}
