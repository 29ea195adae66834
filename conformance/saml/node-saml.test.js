// @node-saml/node-saml as the service provider, SP-initiated, with encrypted
// assertions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SAML } from '@node-saml/node-saml';
import { samlSignIn } from '../browser/pages.js';

const env = process.env;
const base = `${env.POOLHOUSE_URL}/${env.POOLHOUSE_POOL_ID}/saml`;
const metadata = await (await fetch(`${base}/metadata`)).text();
const certificates = [...metadata.matchAll(/<(?:\w+:)?X509Certificate>([^<]+)</g)].map((m) => m[1].replace(/\s/g, ''));
const key = readFileSync(env.SP_KEY, 'utf8');

function sp(extra = {}) {
  return new SAML({
    entryPoint: `${base}/sso`, issuer: 'urn:example:node-saml', callbackUrl: 'http://localhost/acs', audience: 'urn:example:node-saml',
    idpCert: certificates, decryptionPvk: key, wantAssertionsSigned: true, wantAuthnResponseSigned: true,
    validateInResponseTo: 'always', acceptedClockSkewMs: 1000, identifierFormat: null, disableRequestedAuthnContext: true, ...extra,
  });
}

async function respond(saml) {
  const start = await saml.getAuthorizeUrlAsync('relay', undefined, {});
  const form = await samlSignIn(start, env.POOLHOUSE_USERNAME, env.POOLHOUSE_PASSWORD);
  assert.equal(form.action, 'http://localhost/acs');
  assert.equal(form.fields.get('RelayState'), 'relay');
  return form.fields.get('SAMLResponse');
}

test('an encrypted, signed assertion signs the user in', async () => {
  const saml = sp();
  const SAMLResponse = await respond(saml);
  const xml = Buffer.from(SAMLResponse, 'base64').toString();
  assert.match(xml, /EncryptedAssertion/);
  assert.ok(!xml.includes(env.POOLHOUSE_EMAIL), 'nothing of the user is readable');
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
  assert.equal(profile.nameID, env.POOLHOUSE_EMAIL);
  assert.equal(profile['urn:oid:0.9.2342.19200300.100.1.3'], env.POOLHOUSE_EMAIL);
  assert.equal(profile['urn:example:constant'], 'a constant');
});

test('a signed request is accepted', async () => {
  const saml = sp({ privateKey: key, signatureAlgorithm: 'sha256' });
  await saml.validatePostResponseAsync({ SAMLResponse: await respond(saml) });
});

test('a request with a broken signature gets no response', async () => {
  const saml = sp({ privateKey: key, signatureAlgorithm: 'sha256' });
  const start = new URL(await saml.getAuthorizeUrlAsync('relay', undefined, {}));
  start.searchParams.set('RelayState', 'another');
  await assert.rejects(samlSignIn(start, env.POOLHOUSE_USERNAME, env.POOLHOUSE_PASSWORD), /no sign-in form/);
});

test('an answer to another request is refused by the app', async () => {
  await assert.rejects(sp().validatePostResponseAsync({ SAMLResponse: await respond(sp()) }), /InResponseTo/);
});
