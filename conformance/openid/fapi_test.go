package openid_test

import (
	"crypto/x509/pkix"
	"slices"
	"strings"
	"testing"
)

// fapiModules are the modules of the FAPI 2.0 Security Profile (final) plan.
func fapiModules() (list []module) {
	for _, m := range slices.Concat(fapiWaiting, fapiRequests, fapiPAR, fapiCodes, fapiClients, fapiDPoP) {
		list = append(list, module{"fapi2-security-profile-final-" + m.name, m.run})
	}
	return list
}

// fapiClient makes the settings of a relying party that authenticates by that method
// and has its tokens bound by that means: dpop or mtls.
func fapiClient(auth, bound string) func(*testing.T, *rp) {
	return func(t *testing.T, r *rp) {
		t.Helper()
		r.auth, r.idAlg, r.key = auth, "ES256", ecKey(t)
		subject := pkix.Name{CommonName: strings.TrimPrefix(r.home, r.url+"/")}
		if auth == "tls_client_auth" {
			r.asked["tls_client_auth_subject_dn"] = subject.String()
		}
		if auth == "tls_client_auth" || bound == "mtls" {
			r.withCertificate(r.ca.Client(t, subject))
		}
		r.bound = bound == "mtls"
		r.asked["tls_client_certificate_bound_access_tokens"] = r.bound
		if r.asked["dpop_bound_access_tokens"] = !r.bound; !r.bound {
			r.holder = newHolder(t)
		}
		r.asked["fapi"], r.asked["require_pushed_authorization_requests"] = true, true
	}
}

// plainOAuth says that a module's variant is plain_oauth.
func plainOAuth(e *exam) bool { return e.plan.plain }

// dpopBound and byAssertion are what modules with the marks D and K need.
func dpopBound(e *exam) bool   { return strings.HasSuffix(e.plan.name, "dpop") }
func byAssertion(e *exam) bool { return strings.Contains(e.plan.name, "private_key_jwt") }
