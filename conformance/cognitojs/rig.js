// amazon-cognito-identity-js with promises.
import cognito from 'amazon-cognito-identity-js';
import { env } from '../awsjs/clients.js';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = cognito;

// storage is what one browser keeps. Users have one of their own unless it is given.
export function storage() {
  const items = new Map();
  return { setItem: (k, v) => items.set(k, v), getItem: (k) => items.get(k) ?? null, removeItem: (k) => items.delete(k), clear: () => items.clear() };
}

export const poolOf = ({ UserPoolId, ClientId }, Storage = storage()) => new CognitoUserPool({ UserPoolId, ClientId, endpoint: env.POOLHOUSE_URL, Storage });

export function userOf(w, Username, Storage = storage()) {
  return new CognitoUser({ Username, Pool: poolOf(w, Storage), Storage });
}

export const details = (u, Password) => new AuthenticationDetails({ Username: u.getUsername(), Password });

// signIn resolves to a session, and rejects as it fails. on handles what else the
// library may ask for.
export function signIn(u, password, on = {}) {
  return new Promise((onSuccess, onFailure) => {
    u.authenticateUser(details(u, password), { onSuccess, onFailure, newPasswordRequired: () => onFailure(new Error('new password required')), ...on });
  });
}

// call is for methods that end in callback(err, value).
export const call = (object, method, ...args) => new Promise((resolve, reject) => {
  object[method](...args, (err, value) => (err ? reject(err) : resolve(value)));
});

// promised is for methods that end in {onSuccess, onFailure}.
export const promised = (start) => new Promise((onSuccess, onFailure) => { start({ onSuccess, onFailure, associateSecretCode: onSuccess, inputVerificationCode: onSuccess }); });
