// A service provider on @node-saml/node-saml, at LISTEN. Its directory (DIR) holds
// idp.xml, sp.key and sp.crt. Addresses and answers are those of pysaml2.py.
import { readFileSync } from 'node:fs';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { base, serve } from './pages.mjs';

const [metadata, key, certificate] = ['idp.xml', 'sp.key', 'sp.crt'].map((f) => readFileSync(`${process.env.DIR}/${f}`, 'utf8'));
const all = (re) => [...metadata.matchAll(re)].map((m) => m[1]);
const endpoint = (tag, binding) => all(new RegExp(`<(?:\\w+:)?${tag}\\s([^>]*)`, 'g')).filter((a) => a.includes(binding))
  .map((a) => /Location="([^"]+)"/.exec(a)[1])[0];
const idpCert = all(/<(?:\w+:)?KeyDescriptor(?! use="encryption")[\s\S]*?X509Certificate[^>]*>([^<]+)</g).map((c) => c.replace(/\s/g, ''));

const cache = new Map(); // of request IDs; every request makes its own SAML object
const cacheProvider = {
  saveAsync: async (k, v) => { cache.set(k, v); return { value: v, createdAt: Date.now() }; },
  getAsync: async (k) => cache.get(k) ?? null,
  removeAsync: async (k) => { cache.delete(k); return k; },
};

// unsolicited: node-saml refuses them where it looks for InResponseTo.
const sp = (q = {}) => new SAML({
  callbackUrl: `${base}/acs`, issuer: `${base}/metadata`, audience: `${base}/metadata`, idpIssuer: /entityID="([^"]+)"/.exec(metadata)[1], idpCert,
  entryPoint: endpoint('SingleSignOnService', q.binding === 'post' ? 'HTTP-POST' : 'HTTP-Redirect'),
  authnRequestBinding: q.binding === 'post' ? 'HTTP-POST' : 'HTTP-Redirect', skipRequestCompression: q.binding === 'post',
  logoutUrl: endpoint('SingleLogoutService', 'HTTP-Redirect'), logoutCallbackUrl: `${base}/slo`,
  privateKey: key, publicCert: certificate, decryptionPvk: key, signatureAlgorithm: 'sha256', digestAlgorithm: 'sha256',
  wantAssertionsSigned: false, wantAuthnResponseSigned: false, acceptedClockSkewMs: 180000,
  validateInResponseTo: q.unsolicited ? ValidateInResponseTo.ifPresent : ValidateInResponseTo.always, cacheProvider,
  identifierFormat: q.nameid ?? null, forceAuthn: Boolean(q.force), passive: Boolean(q.passive),
  disableRequestedAuthnContext: !q.acr, authnContext: [].concat(q.acr ?? []), racComparison: 'exact',
});

let user = null;
serve({
  '/metadata': () => ({ type: 'application/samlmetadata+xml',
    body: sp().generateServiceProviderMetadata(certificate, certificate)
      .replace(/<SingleLogoutService/, `<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${base}/slo"/>$&`) }),
  '/who': () => ({ json: { user: user?.nameID ?? '' } }),
  '/forget': () => { user = null; return { json: {} }; },
  '/login': async ({ query }) => (query.binding === 'post'
    ? { type: 'text/html', body: await sp(query).getAuthorizeFormAsync(query.rs ?? '', '') }
    : { to: await sp(query).getAuthorizeUrlAsync(query.rs ?? '', '', {}) }),
  '/acs': async ({ form }) => {
    const { profile } = await sp({ unsolicited: true }).validatePostResponseAsync(form);
    if (!profile) throw new Error('NoPassive'); // how node-saml tells
    user = profile;
    const assertion = profile.getAssertion().Assertion;
    const authn = assertion.AuthnStatement[0];
    return { json: { user: profile.nameID, format: profile.nameIDFormat, class: authn.AuthnContext[0].AuthnContextClassRef[0]._, at: authn.$.AuthnInstant,
      mail: profile['urn:oid:0.9.2342.19200300.100.1.3'], groups: [].concat(profile['urn:oid:1.3.6.1.4.1.5923.1.1.1.1'] ?? []), relay: form.RelayState ?? '' } };
  },
  '/logout': async () => ({ to: await sp().getLogoutUrlAsync(user, '', {}) }),
  '/slo': async ({ get, query, form, raw }) => {
    if (get && !query.Signature) throw new Error('unsigned redirect'); // node-saml lets these pass
    const message = get ? query : form;
    if (message.SAMLResponse) {
      await (get ? sp().validateRedirectAsync(query, raw) : sp({ unsolicited: true }).validatePostResponseAsync(form));
      user = null;
      return { json: { loggedOut: 'urn:oasis:names:tc:SAML:2.0:status:Success' } };
    }
    const { profile } = get ? await sp().validateRedirectAsync(query, raw) : await sp().validatePostRequestAsync(form);
    const ours = user !== null && profile.nameID === user.nameID;
    user = null;
    return { to: await sp().getLogoutResponseUrlAsync(profile, message.RelayState ?? '', {}, ours) };
  },
});
