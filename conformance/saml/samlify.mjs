// A service provider on samlify, at LISTEN. Its directory (DIR) holds idp.xml, sp.key and sp.crt. Addresses and answers are those of
// pysaml2.py.
import { readFileSync } from 'node:fs';
import samlify from 'samlify';
import { base, serve } from './pages.mjs';

const { Constants, Extractor, IdentityProvider, SamlLib, ServiceProvider, Utility } = samlify;
const [metadata, key, certificate] = ['idp.xml', 'sp.key', 'sp.crt'].map((f) => readFileSync(`${process.env.DIR}/${f}`, 'utf8'));
const { redirect, post } = Constants.namespace.binding;

samlify.setSchemaValidator({ validate: async () => 'not here' }); // our messages are held against the schemas by internal/samlxml

// samlify signs requests only where the metadata asks for it, and verifies queries by one certificate: it fails where there are two.
let certificates = 0;
const readable = metadata.replace('WantAuthnRequestsSigned="false"', 'WantAuthnRequestsSigned="true"')
  .replace(/<md:KeyDescriptor use="signing">.*?<\/md:KeyDescriptor>/gs, (k) => (certificates++ ? '' : k));
const idp = (isAssertionEncrypted) => IdentityProvider({ metadata: readable, isAssertionEncrypted, wantLogoutRequestSigned: true, wantLogoutResponseSigned: true });
const [clear, encrypted] = [false, true].map(idp);

const at = (path, ...bindings) => bindings.map((Binding) => ({ Binding, Location: base + path }));
const sp = (nameID) => ServiceProvider({
  entityID: `${base}/metadata`, privateKey: key, encPrivateKey: key, signingCert: certificate, encryptCert: certificate,
  authnRequestsSigned: true, wantLogoutRequestSigned: true, wantLogoutResponseSigned: true, allowCreate: true,
  nameIDFormat: [nameID ?? Constants.namespace.format.emailAddress],
  assertionConsumerService: at('/acs', post), singleLogoutService: at('/slo', redirect, post),
});

// extended puts into an AuthnRequest what samlify has no words for: it lets its caller change the template.
const extended = (query, binding) => (template) => {
  const id = `_${crypto.randomUUID()}`;
  const requested = query.acr ? '<samlp:RequestedAuthnContext Comparison="exact"><saml:AuthnContextClassRef>{Class}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>' : '';
  const context = template.replace(' Version=', query.passive ? ' IsPassive="true" Version=' : ' Version=').replace('</samlp:AuthnRequest>', `${requested}$&`);
  return { id, context: SamlLib.replaceTagsByValue(context, {
    ID: id, IssueInstant: new Date().toISOString(), Destination: clear.entityMeta.getSingleSignOnService(binding), Issuer: `${base}/metadata`, ProtocolBinding: post,
    AssertionConsumerServiceURL: `${base}/acs`, AssertionConsumerServiceIndex: undefined, ForceAuthn: undefined, NameIDFormat: undefined, AllowCreate: true, Class: query.acr }) };
};

// message is where a browser goes with a message, or the page that posts it.
const message = (m) => (m.entityEndpoint ? { type: 'text/html', body: page(m) } : { to: m.context });
const page = ({ entityEndpoint, type, context, relayState }) => `<!doctype html><form method="post" action="${entityEndpoint}">
<input name="${type}" value="${context}"><input name="RelayState" value="${(relayState ?? '').replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></form>`;

// received is a message as samlify takes it; of a query it wants the bytes that were signed.
const received = ({ get, query, raw, form }) => (get ? ['redirect', { query, octetString: raw.replace(/&Signature=.*/, '') }] : ['post', { body: form }]);

// expected holds a response to what was asked, which is over then: samlify leaves that to its caller.
let asked;
async function expected(path, parsed) {
  const id = asked;
  asked = undefined;
  const result = await parsed;
  const { inResponseTo, destination } = result.extract.response;
  if (inResponseTo !== id || destination !== base + path) throw new Error(`an answer to ${inResponseTo} at ${destination}, asked was ${id}`);
  return result;
}

// details are of the assertion; samlify has no names for them.
const details = (xml) => Extractor.extract(xml, [
  { key: 'format', localPath: ['Response', 'Assertion', 'Subject', 'NameID'], attributes: ['Format'] },
  { key: 'class', localPath: ['Response', 'Assertion', 'AuthnStatement', 'AuthnContext', 'AuthnContextClassRef'], attributes: [] },
  { key: 'recipient', localPath: ['Response', 'Assertion', 'Subject', 'SubjectConfirmation', 'SubjectConfirmationData'], attributes: ['Recipient'] },
]);

let user; // the NameID and SessionIndex of who is signed in
serve({
  '/metadata': () => ({ type: 'application/samlmetadata+xml', body: sp().getMetadata() }),
  '/who': () => ({ json: { user: user?.logoutNameID ?? '' } }),
  '/forget': () => { user = asked = undefined; return {}; },
  '/login': ({ query }) => {
    const binding = query.binding ?? 'redirect';
    const m = sp(query.nameid).createLoginRequest(clear, binding, { relayState: query.rs, forceAuthn: query.force ? true : undefined,
      customTagReplacement: query.acr || query.passive ? extended(query, binding) : undefined });
    asked = m.id;
    return message(m);
  },
  '/acs': async ({ form }) => {
    const from = Utility.base64Decode(form.SAMLResponse).includes('EncryptedAssertion>') ? encrypted : clear;
    const { samlContent, extract } = await expected('/acs', sp().parseLoginResponse(from, 'post', { body: form }));
    const { format, class: authnClass, recipient } = details(samlContent);
    if (extract.audience !== `${base}/metadata` || recipient !== `${base}/acs`) throw new Error(`for ${extract.audience} at ${recipient}`);
    user = { logoutNameID: extract.nameID, sessionIndex: extract.sessionIndex.sessionIndex };
    return { json: { user: extract.nameID, format, class: authnClass, at: extract.sessionIndex.authnInstant, mail: extract.attributes['urn:oid:0.9.2342.19200300.100.1.3'],
      groups: [].concat(extract.attributes['urn:oid:1.3.6.1.4.1.5923.1.1.1.1'] ?? []), relay: form.RelayState ?? '' } };
  },
  '/logout': ({ query }) => {
    const m = sp().createLogoutRequest(clear, query.binding, user);
    asked = m.id;
    return message(m);
  },
  '/slo': async (http) => {
    const { SAMLResponse, RelayState } = http.get ? http.query : http.form;
    const [binding, content] = received(http);
    if (SAMLResponse) {
      await expected('/slo', sp().parseLogoutResponse(clear, binding, content)); // it refuses all but Success
      user = undefined;
      return { json: { loggedOut: Constants.StatusCode.Success } };
    }
    const request = await sp().parseLogoutRequest(clear, binding, content);
    if (request.extract.nameID !== user?.logoutNameID) throw new Error(`${request.extract.nameID} is not here`);
    user = undefined;
    return message(sp().createLogoutResponse(clear, request, binding, { relayState: RelayState }));
  },
});
