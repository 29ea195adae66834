// Pools, clients and users for tests, and the messages that users get.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, env, root } from './clients.js';

// admin calls with the account's root key, user without any signature.
export const admin = (operation, input) => root('idp', operation, input);
export const user = (operation, input) => app('idp', operation, input);

export const Password = 'Correct-horse-1';
const flows = ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];

export const attributes = (map) => Object.entries(map).map(([Name, Value]) => ({ Name, Value }));
export const valueOf = (list, name) => list.find((a) => a.Name === name)?.Value;

// makePool returns the ID of a pool that was made with those settings.
export async function makePool(settings = {}) {
  return (await admin('CreateUserPool', { PoolName: 'suite', ...settings })).UserPool.Id;
}

// makeClient returns an app client as it was made.
export async function makeClient(UserPoolId, settings = {}) {
  return (await admin('CreateUserPoolClient', { UserPoolId, ClientName: 'suite', ExplicitAuthFlows: flows, ...settings })).UserPoolClient;
}

let people = 0;

// world is a pool with an app client, and what tests do in it.
export async function world({ pool, client } = {}) {
  const UserPoolId = await makePool(pool);
  return inPool(UserPoolId, await makeClient(UserPoolId, client));
}

// inPool is world() for a pool that there is.
export function inPool(UserPoolId, { ClientId, ClientSecret }) {
  const named = (operation) => (Username, rest = {}) => admin(operation, { UserPoolId, Username, ...rest });

  // person makes a confirmed user and returns the username.
  const person = async (map = {}, Username = `person-${++people}`) => {
    await admin('AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS', UserAttributes: attributes(map) });
    await admin('AdminSetUserPassword', { UserPoolId, Username, Password, Permanent: true });
    return Username;
  };
  const start = (Username, password = Password, rest = {}) => user('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: password }, ...rest });
  // signIn returns the tokens of a user whom nothing but the password is asked of.
  const signIn = async (Username, password) => {
    const out = await start(Username, password);
    if (!out.AuthenticationResult) throw new Error(`${Username} was asked for ${out.ChallengeName}`);
    return out.AuthenticationResult;
  };
  const respond = ({ ChallengeName, Session }, responses, rest = {}) => user('RespondToAuthChallenge', { ClientId, ChallengeName, Session, ChallengeResponses: responses, ...rest });
  const refresh = (token) => user('InitiateAuth', { ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: token } });
  const get = named('AdminGetUser');
  return { UserPoolId, ClientId, ClientSecret, person, start, signIn, respond, refresh, get, named };
}

// messages are those sent to an address, oldest first.
export function messages(to) {
  const dir = env.POOLHOUSE_MAIL_DIR;
  return readdirSync(dir).filter((n) => n.endsWith('.json')).sort().map((n) => JSON.parse(readFileSync(join(dir, n), 'utf8'))).filter((m) => m.To === to);
}

// lastCode is the code of the newest message to an address.
export function lastCode(to) {
  const last = messages(to).at(-1);
  if (!last) throw new Error(`no message to ${to}`);
  return last.Body.match(/\b\d{6}\b/)[0];
}

// wrongCode is a code of the right form that is not the right one.
export const wrongCode = (right) => (right === '000000' ? '000001' : '000000');

export const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

// allPages is every item of a list that comes in pages.
export async function allPages(operation, input, items, token = 'NextToken') {
  const out = [];
  for (let at; ;) {
    const page = await admin(operation, { ...input, ...(at ? { [token]: at } : {}) });
    out.push(...page[items]);
    at = page[token];
    if (!at) return out;
  }
}
