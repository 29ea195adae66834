// Clients of the AWS SDK for JavaScript v3 for the server in POOLHOUSE_URL.
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import * as identity from '@aws-sdk/client-cognito-identity';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import * as sync from '@aws-sdk/client-cognito-sync';
import { refused, watch } from './ledger.js';

export { refused };

export const env = process.env;

const base = { endpoint: env.POOLHOUSE_URL, region: env.AWS_REGION, maxAttempts: 1 };
export const rootKey = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
const unsigned = { signer: { sign: async (request) => request }, credentials: { accessKeyId: '-', secretAccessKey: '-' } };

function make(Client) {
  return (credentials) => new Client({ ...base, ...(credentials ? { credentials } : unsigned) });
}

export const clients = {
  idp: (credentials) => watch(make(idp.CognitoIdentityProviderClient)(credentials)),
  identity: make(identity.CognitoIdentityClient),
  iam: make(iam.IAMClient),
  sts: make(sts.STSClient),
  sync: make(sync.CognitoSyncClient),
};

const modules = { idp, identity, iam, sts, sync };

// as returns call(service, operation, input) for one credential; without one
// the calls are not signed.
export function as(credentials) {
  const open = Object.fromEntries(Object.entries(clients).map(([name, client]) => [name, client(credentials)]));
  return (service, operation, input = {}) => open[service].send(new modules[service][`${operation}Command`](input));
}

export const root = as(rootKey);
export const app = as(null);

export async function signIn(username = env.POOLHOUSE_USERNAME, password = env.POOLHOUSE_PASSWORD) {
  const out = await app('idp', 'InitiateAuth', { ClientId: env.POOLHOUSE_CLIENT_ID, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: username, PASSWORD: password } });
  return out.AuthenticationResult;
}

// identify returns the identity of a user and call() signed with its credentials.
export async function identify(username, password) {
  const { IdToken } = await signIn(username, password);
  const Logins = { [`cognito-idp.${env.AWS_REGION}.amazonaws.com/${env.POOLHOUSE_POOL_ID}`]: IdToken };
  const { IdentityId } = await app('identity', 'GetId', { IdentityPoolId: env.POOLHOUSE_IDENTITY_POOL_ID, Logins });
  const { Credentials: c } = await app('identity', 'GetCredentialsForIdentity', { IdentityId, Logins });
  const credentials = { accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretKey, sessionToken: c.SessionToken };
  return { IdentityId, Logins, call: as(credentials), credentials, expires: c.Expiration };
}
