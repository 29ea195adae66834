// Package openid_test holds the provider to the OpenID Foundation's conformance
// plans: one test a module, named as the Foundation names it, against the built
// binary over TLS. The relying parties are written here, and they are strict:
// whatever a specification lets them refuse, they refuse.
package openid_test

import (
	"cmp"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// Most modules wait: for the network, some for half a minute. They run at the same
// time, far more of them than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// A plan is a certification profile in one of its variants.
type plan struct {
	name     string // as in the names of the tests
	modules  []module
	count    int                   // of modules that the Foundation's plan has for the variant
	kind     string                // response_type; code where empty
	mode     string                // response_mode; the response type's own where empty
	auth     string                // at the token endpoint; client_secret_basic where empty
	dynamic  bool                  // relying parties register themselves
	fapi     bool                  // requests are pushed, with PKCE
	plain    bool                  // OAuth without OpenID Connect: the tokens are for an API
	once     bool                  // enough on the embedded profile: it differs by the request alone
	settings func(*testing.T, *rp) // of the variant's relying parties; nil: nothing special
}

// A module is one test of a plan.
type module struct {
	name string // the Foundation's, without the part that all of its plan begin with
	run  func(*testing.T, *exam)
}

// An exam is one run of a module: a provider, and the variant that it is asked in.
type exam struct {
	*op
	plan *plan
}

// has reports whether the variant's answers carry that: code, id_token, token.
func (e *exam) has(what string) bool {
	return slices.Contains(strings.Fields(e.responseType()), what)
}

func (e *exam) responseType() string { return cmp.Or(e.plan.kind, "code") }

// front reports whether tokens come by the browser.
func (p *plan) front() bool { return strings.Contains(p.kind, "token") }

// TestPlans runs all plans against one server of each storage profile: FAPI 2.0 in a
// strict pool; the others, which know neither PKCE nor OAuth 2.1, in one that is not.
// Dynamic plans rotate the provider's keys, and have a pool each.
func TestPlans(t *testing.T) {
	ca := harness.NewAuthority(t)
	certFile, keyFile := ca.Issue(t, "localhost")
	for _, profile := range []harness.Profile{harness.Embedded, harness.Shared} {
		t.Run(string(profile), func(t *testing.T) {
			s := harness.Start(t, profile, harness.Args("--client-ca", ca.File), harness.TLS(certFile, keyFile, ca.Pool), trusting(ca.File), harness.Args("--rate-limits", "off"))
			a := newApps(t, ca)
			strict, classic := newOP(t, s, a, true), newOP(t, s, a, false)
			strict.api = newAPI(t, strict)
			t.Parallel()
			for _, p := range plans {
				if p.once && profile != harness.Embedded {
					continue
				}
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					switch {
					case p.fapi:
						p.run(t, strict)
					case p.dynamic:
						p.run(t, newOP(t, s, a, false))
					default:
						p.run(t, classic)
					}
				})
			}
		})
	}
}

// TestPostgresAlone runs the races where PostgreSQL keeps what is used once, too: the
// other servers leave that to SQLite and to Redis.
func TestPostgresAlone(t *testing.T) {
	ca := harness.NewAuthority(t)
	certFile, keyFile := ca.Issue(t, "localhost")
	s := harness.Start(t, harness.Shared, harness.Args("--redis-url", "", "--client-ca", ca.File), harness.TLS(certFile, keyFile, ca.Pool),
		trusting(ca.File), harness.Args("--rate-limits", "off"))
	a := newApps(t, ca)
	strict, classic := newOP(t, s, a, true), newOP(t, s, a, false)
	t.Parallel()
	for _, p := range plans {
		if !strings.HasPrefix(p.name, "Races/") {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.fapi {
				p.run(t, strict)
			} else {
				p.run(t, classic)
			}
		})
	}
}

// trusting has the server's own requests trust the authority of the relying parties.
func trusting(file string) harness.Option { return harness.Env("SSL_CERT_FILE=" + file) }

func (p *plan) run(t *testing.T, o *op) {
	if len(p.modules) != p.count {
		t.Errorf("%d modules, the Foundation's plan has %d", len(p.modules), p.count)
	}
	for _, m := range p.modules {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			e := &exam{o, p}
			if s, ok := skips[m.name]; ok && s.holds(e) {
				t.Logf("SKIPPED: %s", s.reason)
				return
			}
			if m.run == nil {
				t.Fatal("the reason to skip this module does not hold any more")
			}
			m.run(t, e)
		})
	}
}
