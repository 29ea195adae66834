// A pool for one test of aws-amplify's Auth, and Amplify configured for it.
import assert from 'node:assert/strict';
import { Amplify } from 'aws-amplify';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { fetchAuthSession } from 'aws-amplify/auth';
import { env } from '../awsjs/clients.js';
import { world } from '../awsjs/world.js';
import { verified } from '../jwt.js';

// storage is what one browser or phone keeps.
export function storage() {
  const items = new Map();
  return {
    items,
    setItem: async (key, value) => { items.set(key, value); },
    getItem: async (key) => items.get(key) ?? null,
    removeItem: async (key) => { items.delete(key); },
    clear: async () => items.clear(),
  };
}

// on points Amplify to a pool's client, on a new or given browser.
export function on({ UserPoolId, ClientId }, keep = storage()) {
  Amplify.configure({ Auth: { Cognito: { userPoolId: UserPoolId, userPoolClientId: ClientId, userPoolEndpoint: env.POOLHOUSE_URL } } });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(keep);
  return keep;
}

// app is world() with Amplify pointed to it.
export async function app(pool, client) {
  const w = await world({ pool, client });
  on(w);
  return w;
}

// tokens are those of the present session, checked as a resource server does.
export async function tokens(w, options) {
  const { tokens: t } = await fetchAuthSession(options);
  const checked = await verified(w.UserPoolId, w.ClientId, { AccessToken: t.accessToken.toString(), IdToken: t.idToken.toString() });
  return { ...t, ...checked };
}

// fails wants an error of that name and text.
export async function fails(promise, name, message) {
  const error = await promise.then(() => new Error('it worked'), (e) => e);
  assert.deepEqual([error.name, error.message], [name, message]);
}

// The library names a device by its browser; before version 21 Node says nothing.
globalThis.navigator ??= { userAgent: 'node' };

// The library waits for three minutes after a sign-up, come what may; the test
// process does not.
const { setTimeout: start } = globalThis;
globalThis.setTimeout = (run, ms, ...rest) => {
  const timer = start(run, ms, ...rest);
  return ms > 60_000 ? timer.unref() : timer;
};
