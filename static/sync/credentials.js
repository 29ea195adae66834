// An identity of an identity pool, and its temporary credentials.
import { SyncError } from './http.js';

/** @typedef {import('./http.js').Connection} Connection */

const target = 'AWSCognitoIdentityService.';
const ahead = 60_000; // ms before their end credentials are replaced

/**
 * Read who an ID token is about. The server verifies it; here it only names things.
 * @param {string} idToken
 * @returns {{provider: string, account: string}} the name by which identity pools know the issuer, and that of the user
 */
export function about(idToken) {
  const { iss, sub } = JSON.parse(atob(idToken.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  const pool = /\/(([\w-]+)_[0-9A-Za-z]+)$/.exec(iss);
  const provider = pool ? `cognito-idp.${pool[2]}.amazonaws.com/${pool[1]}` : iss.replace(/^https?:\/\//, '');
  return { provider, account: `${provider} ${sub}` };
}

/** The credentials of somebody who signed in, or of a guest. */
export class IdentityCredentials {
  #got; // the promise of credentials
  #until = 0; // ms since 1970

  /**
   * @param {object} options
   * @param {Connection} options.connection
   * @param {string} options.identityPoolId
   * @param {() => string | Promise<string>} [options.idToken] returns an ID token that is valid now; without it: a guest
   * @param {string} [options.provider] name of the issuer in the identity pool, where it does not follow from the token
   * @param {string} [options.identityId] of who was here before; a guest keeps it on signing in
   */
  constructor({ connection, identityPoolId, idToken, provider, identityId }) {
    this.connection = connection;
    this.identityPoolId = identityPoolId;
    this.idToken = idToken;
    this.provider = provider;
    this.identityId = identityId;
    this.fixed = false; // the identity may still turn out to be another
  }

  #call(operation, input) {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target + operation };
    return this.connection.json({ method: 'POST', path: '/', headers, body: JSON.stringify(input) });
  }

  async #logins() {
    if (!this.idToken) return undefined;
    const token = await this.idToken();
    return { [this.provider ?? about(token).provider]: token };
  }

  async #renew() {
    const Logins = await this.#logins();
    this.identityId ??= (await this.#call('GetId', { IdentityPoolId: this.identityPoolId, Logins })).IdentityId;
    const out = await this.#call('GetCredentialsForIdentity', { IdentityId: this.identityId, Logins });
    if (this.fixed && out.IdentityId !== this.identityId) throw new SyncError('IdentityChanged', 'the user has another identity now: open a new client', 409);
    this.identityId = out.IdentityId; // another one, where a guest turned out to be somebody known
    const { AccessKeyId, SecretKey, SessionToken, Expiration } = out.Credentials;
    this.#until = Expiration * 1000;
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretKey, sessionToken: SessionToken, expires: new Date(this.#until) };
  }

  /** @returns {Promise<import('./sigv4.js').Credentials>} credentials that live for a minute at least */
  get = () => {
    if (this.#until < this.connection.time().getTime() + ahead) {
      this.#until = Infinity; // whoever asks meanwhile waits for the same answer
      this.#got = this.#renew();
      this.#got.catch(() => this.forget());
    }
    return this.#got;
  };

  /** Get new ones next time: the server does not take these. */
  forget() { this.#until = 0; }
}
