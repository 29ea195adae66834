package samlidp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	redirectBinding = saml.HTTPRedirectBinding
	postBinding     = saml.HTTPPostBinding
)

// A logoutRig is an identity provider with real sessions, and apps that sign out.
type logoutRig struct {
	*httptest.Server
	t     testing.TB
	h     *samlidp.Handler
	db    *sqlstore.DB
	users userpool.Store
	certs []*x509.Certificate // of the identity provider

	limiter limiter
}

func newLogoutRig(t testing.TB) *logoutRig {
	t.Helper()
	r := &logoutRig{t: t, db: sqlstoretest.SQLite(t, clock.Now)}
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	r.users = r.db.Userpool(ring)
	addAlice(t, r.users)
	now := clock.Now()
	r.must(r.users.CreateUser(t.Context(), &userpool.User{Pool: poolID, Username: "bob", Sub: "sub-bob", Enabled: true, Status: userpool.Confirmed,
		Created: now, Modified: now, Attributes: map[string]string{"email": "bob@example.org", "email_verified": "true"}}))
	issuer := func(p userpool.PoolID) string { return r.URL + "/" + string(p) }
	log, eph := slog.New(slog.DiscardHandler), ephemeraltest.New(clock.Now)
	told := &signout.Service{Participants: r.db.IDP(), Sessions: r.db.IDP(), Clients: r.users, Issuer: issuer, Now: clock.Now, Log: log}
	sessions := &browser.Store{Sessions: &idp.Sessions{Store: r.db.IDP(), Users: r.users, Now: clock.Now, Ending: told.SessionEnding}}
	r.h = &samlidp.Handler{Apps: r.db.SAML(), Directory: r.users, Gate: &login.Gate{Browser: sessions, Ephemeral: eph, Now: clock.Now, Log: log}, Keys: ring,
		Ephemeral: eph, Issuer: issuer, Now: clock.Now, Log: log, Participants: r.db.IDP(), Limiter: &r.limiter}
	r.h.Leaving = &chain.Handler{Store: r.users, Browser: sessions, Participants: r.db.IDP(), Clients: told, Apps: r.h, Answerers: r.h.Answerers(),
		Pages: plainPages{}, Ephemeral: eph, Now: clock.Now, Log: log}
	mux := web.NewMux(log, func(w http.ResponseWriter, _ *http.Request, e *web.Error) error {
		http.Error(w, e.Text, e.Status)
		return nil
	})
	r.h.Mount(mux)
	r.h.Leaving.Mount(mux)
	mux.Get("/test/login/{user}", func(w http.ResponseWriter, req *http.Request) error {
		_, err := sessions.SignIn(w, req, &userpool.User{Pool: poolID, Sub: "sub-" + req.PathValue("user")}, "pwd")
		return err
	})
	mux.Get("/test/start", func(w http.ResponseWriter, req *http.Request) error { // what /{pool}/logout comes to
		pool, err := r.users.Pool(req.Context(), poolID)
		if err != nil {
			return err
		}
		return r.h.Leaving.SignOut(w, req, &chain.Start{Pool: pool})
	})
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	r.certs = (&rig{Server: r.Server}).certs(t)
	r.net()
	return r
}

func (r *logoutRig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// plainPages shows the addresses of a page between two apps.
type plainPages struct{}

func (plainPages) ShowSigningOut(w http.ResponseWriter, _ *http.Request, _ *userpool.Pool, _ *userpool.Client, frames []string, next string) error {
	return json.NewEncoder(w).Encode(map[string]any{"Frames": frames, "Next": next})
}

func (plainPages) ShowLeaving(w http.ResponseWriter, _ *http.Request, _ *userpool.Pool, _ *userpool.Client, l *chain.Leaving) error {
	return json.NewEncoder(w).Encode(l)
}

func (plainPages) ShowLeft(w http.ResponseWriter, _ *http.Request, _ *userpool.Pool, _ *userpool.Client, l *chain.Left) error {
	return json.NewEncoder(w).Encode(l)
}

// An app is a service provider that signs out.
type app struct {
	samlxml.Signer
	r      *logoutRig
	name   string
	id     samlidp.ApplicationID
	entity string
}

// sloEndpoint is one line of an app's metadata.
func sloEndpoint(binding, location, more string) string {
	return `<SingleLogoutService Binding="` + binding + `" Location="` + location + `" ` + more + `/>`
}

func (r *logoutRig) app(name, format string, endpoints ...string) *app {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	r.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	r.must(err)
	cert, err := x509.ParseCertificate(der)
	r.must(err)
	a := &app{Signer: samlxml.Signer{Key: key, Certificate: cert}, r: r, name: name, entity: "https://" + name + ".example/metadata"}
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + a.entity + `"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(der) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor>` + strings.Join(endpoints, "") +
		`<AssertionConsumerService Binding="` + postBinding + `" Location="https://` + name + `.example/acs" index="0"/></SPSSODescriptor></EntityDescriptor>`
	service := &samlidp.Service{Store: r.db.SAML(), Issuer: r.h.Issuer, Now: clock.Now, Log: r.h.Log}
	made, err := service.Create(r.t.Context(), poolID, samlidp.Spec{Name: &name, MetadataXML: &metadata, NameIDFormat: &format})
	r.must(err)
	a.id = made.ID
	return a
}

// both has the app served by the redirect and the POST binding.
func (r *logoutRig) both(name string) *app {
	return r.app(name, samlidp.Persistent, sloEndpoint(redirectBinding, "https://"+name+".example/slo", ""), sloEndpoint(postBinding, "https://"+name+".example/slo", ""))
}

// A person is a browser, with what the apps in it know of the session.
type person struct {
	r *logoutRig
	c *http.Client
}

func (r *logoutRig) person(user string) *person {
	c := newBrowser(r.t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := &person{r, c}
	if user != "" {
		p.get("/test/login/" + user)
	}
	return p
}

func (p *person) read(res *http.Response, err error) page {
	p.r.t.Helper()
	return (&rig{}).read(p.r.t, res, err)
}

func (p *person) get(address string) page {
	p.r.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.r.URL + address
	}
	res, err := p.c.Get(address)
	return p.read(res, err)
}

// follow follows redirects on our own server.
func (p *person) follow(at page) page {
	p.r.t.Helper()
	for {
		to := at.header.Get("Location")
		if !strings.HasPrefix(to, "/") || strings.HasSuffix(to, "/signedout") {
			return at
		}
		at = p.get(to)
	}
}

// A known is what an app knows of a user.
type known struct {
	name  *saml.NameID
	index string
}

// signIn signs the person in to an app.
func (p *person) signIn(a *app) known {
	p.r.t.Helper()
	at := p.get("/" + string(poolID) + "/saml/init/" + string(a.id))
	res, err := samlxml.VerifyResponse(at.xml(p.r.t), p.r.certs, clock.Now())
	p.r.must(err)
	return known{res.Assertion.Subject.NameID, res.Assertion.AuthnStatements[0].SessionIndex}
}

// request is a LogoutRequest of the app about somebody; without indexes for all.
func (a *app) request(k known, indexes ...string) *samlxml.LogoutRequest {
	return &samlxml.LogoutRequest{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: a.entity, IssueInstant: clock.Now()},
		NotOnOrAfter: clock.Now().Add(time.Minute), NameID: k.name, SessionIndexes: indexes}
}

// send carries a message to our endpoint, and follows to where it leads.
func (p *person) send(a *app, m samlxml.LogoutMessage, binding, relayState string) page {
	p.r.t.Helper()
	out, err := a.SendLogout(m, binding, p.r.h.SLOURL(poolID), relayState)
	p.r.must(err)
	return p.deliver(out)
}

func (p *person) deliver(out *samlxml.Sending) page {
	p.r.t.Helper()
	if out.Form == nil {
		return p.follow(p.get(out.Address))
	}
	res, err := p.c.PostForm(out.Address, out.Form)
	return p.follow(p.read(res, err))
}

// leaving is the page between two apps.
func (p *person) leaving(at page) *chain.Leaving {
	p.r.t.Helper()
	l := new(chain.Leaving)
	if err := json.Unmarshal([]byte(at.body), l); err != nil || l.Go == "" {
		p.r.t.Fatalf("no page between apps: %d %s %s", at.status, at.header.Get("Location"), at.body)
	}
	return l
}

// present is the app that is to be told next.
func (p *person) present(at page, apps ...*app) *app {
	p.r.t.Helper()
	for _, v := range p.leaving(at).Visits {
		for _, a := range apps {
			if v.Now && v.Name == a.name {
				return a
			}
		}
	}
	p.r.t.Fatalf("none of the apps in %s", at.body)
	return nil
}

// visit goes to the present app and returns the request that the app gets.
func (p *person) visit(at page, a *app) *samlxml.LogoutRequest {
	p.r.t.Helper()
	l := p.arrived(p.get(p.leaving(at).Go), a, "/slo")
	if l.Request == nil {
		p.r.t.Fatal("no request")
	}
	return l.Request
}

// arrived is the message that the browser carries to an app.
func (p *person) arrived(at page, a *app, path string) *samlxml.Logout {
	p.r.t.Helper()
	to, want := at.header.Get("Location"), "https://"+a.name+".example"+path
	var l *samlxml.Logout
	var err error
	if to != "" {
		_, query, _ := strings.Cut(to, "?")
		l, err = samlxml.LogoutByRedirect(query)
	} else {
		form := url.Values{}
		for _, m := range inputPart.FindAllStringSubmatch(at.body, -1) {
			form.Set(m[1], unescape(m[2]))
		}
		to = at.action
		l, err = samlxml.LogoutByPost(form)
	}
	if err != nil || !strings.HasPrefix(to, want) {
		p.r.t.Fatalf("%v: sent to %q, want %s: %d %s", err, to, want, at.status, at.body)
	}
	p.r.must(l.Verify(p.r.certs))
	p.r.must(l.Current(want, clock.Now(), samlxml.Skew))
	if l.Envelope().Issuer != p.r.h.EntityID(poolID) {
		p.r.t.Errorf("issuer %q", l.Envelope().Issuer)
	}
	return l
}

// response is the app's answer to a request.
func (a *app) response(to *samlxml.LogoutRequest, status ...string) *samlxml.LogoutResponse {
	res := &samlxml.LogoutResponse{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: a.entity, IssueInstant: clock.Now()}, InResponseTo: to.ID}
	res.Status.Code = saml.StatusSuccess
	for i, s := range status {
		if i == 0 {
			res.Status.Code = s
		} else {
			res.Status.Second = s
		}
	}
	return res
}

// wantAnswer checks the LogoutResponse that ends a sign-out.
func (p *person) wantAnswer(at page, a *app, path string, to *samlxml.LogoutRequest, relayState, second string) {
	p.r.t.Helper()
	l := p.arrived(at, a, path)
	if l.Response == nil || l.Response.InResponseTo != to.ID || l.RelayState != relayState || l.Response.Status.Code != saml.StatusSuccess || l.Response.Status.Second != second {
		p.r.t.Errorf("answer %+v, relay state %q", l.Response, l.RelayState)
	}
}

// wantRefused checks that a message ended nothing: an error page, and a session.
func (p *person) wantRefused(at page, user string, sessions int) {
	p.r.t.Helper()
	if at.status != http.StatusBadRequest {
		p.r.t.Errorf("%d, sent to %q: %s", at.status, at.header.Get("Location"), at.body)
	}
	p.r.wantSessions(user, sessions)
}

func (r *logoutRig) wantSessions(user string, want int) {
	r.t.Helper()
	list, err := r.db.IDP().List(context.Background(), poolID, "sub-"+user)
	r.must(err)
	if len(list) != want {
		r.t.Errorf("%s has %d sessions, want %d", user, len(list), want)
	}
}

func decode64(t testing.TB, encoded string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// stripSignature takes the signature out of a form field.
func stripSignature(t testing.TB, encoded string) string {
	t.Helper()
	before, rest, found := strings.Cut(decode64(t, encoded), "<ds:Signature ")
	_, after, _ := strings.Cut(rest, "</ds:Signature>")
	if !found {
		t.Fatal("no signature")
	}
	return base64.StdEncoding.EncodeToString([]byte(before + after))
}
