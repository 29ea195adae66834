package samlidp_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	poolID   = userpool.PoolID("us-east-1_Test00001")
	spEntity = "https://sp.example/metadata"
	spACS    = "https://sp.example/acs"
)

// TestMain sets crewjam's clock, which is a global, to ours.
func TestMain(m *testing.M) {
	saml.TimeNow = clock.Now
	os.Exit(m.Run())
}

var clock = ephemeraltest.NewClock()

// A rig is an identity provider with a user, and an app that uses it.
type rig struct {
	*httptest.Server
	h       *samlidp.Handler
	apps    *samlidp.Service
	db      *sqlstore.DB
	ring    keyring.Ring
	gate    *gate
	browser *http.Client
	app     *samlidp.Application
	sp      *saml.ServiceProvider
}

// newRig starts the server and registers the app, as change would have it.
func newRig(t testing.TB, change func(*samlidp.Spec)) *rig {
	t.Helper()
	r := &rig{db: sqlstoretest.SQLite(t, clock.Now), gate: &gate{}}
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	r.ring = ring
	users := r.db.Userpool(ring)
	addAlice(t, users)
	issuer := func(p userpool.PoolID) string { return r.URL + "/" + string(p) }
	r.h = &samlidp.Handler{Apps: r.db.SAML(), Directory: users, Gate: r.gate, Keys: ring,
		Ephemeral: ephemeraltest.New(clock.Now), Issuer: issuer, Now: clock.Now, Participants: r.db.IDP(),
		Log: slog.New(slog.DiscardHandler), Script: "/static/post.js", Limiter: &limiter{}}
	mux := web.NewMux(slog.New(slog.DiscardHandler), func(w http.ResponseWriter, _ *http.Request, e *web.Error) error {
		http.Error(w, e.Text, e.Status)
		return nil
	})
	r.h.Mount(mux)
	mux.Get("/{pool}/login", r.gate.login)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	r.apps = &samlidp.Service{Store: r.db.SAML(), Fetcher: outbound.New(true), Users: users, Keys: ring, Issuer: issuer, Now: clock.Now, Log: r.h.Log}
	r.browser = newBrowser(t)
	r.addApp(t, change)
	return r
}

func addAlice(t testing.TB, users userpool.Store) {
	t.Helper()
	ctx, now := context.Background(), clock.Now()
	err := users.CreatePool(ctx, &userpool.Pool{ID: poolID, Name: "test", Created: now, Modified: now})
	if err != nil {
		t.Fatal(err)
	}
	err = users.CreateUser(ctx, &userpool.User{Pool: poolID, Username: "alice", Sub: "sub-alice", Enabled: true,
		Status: userpool.Confirmed, Created: now, Modified: now,
		Attributes: map[string]string{"email": "alice@example.org", "email_verified": "true", "name": `Alice <"&'>`}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ops", "staff"} {
		if err := users.CreateGroup(ctx, &userpool.Group{Pool: poolID, Name: name, Created: now, Modified: now}); err != nil {
			t.Fatal(err)
		}
		if err := users.AddMember(ctx, poolID, name, "alice"); err != nil {
			t.Fatal(err)
		}
	}
}

// spKey is the app's key. Made once: it takes a while.
var spKey = sync.OnceValues(func() (crypto.Signer, *x509.Certificate) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sp"},
		NotBefore: clock.Now().AddDate(-1, 0, 0), NotAfter: clock.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return key, cert
})

func mustURL(s string) url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return *u
}

// addApp registers crewjam's service provider and lets it read our metadata.
func (r *rig) addApp(t testing.TB, change func(*samlidp.Spec)) {
	t.Helper()
	key, cert := spKey()
	r.sp = &saml.ServiceProvider{EntityID: spEntity, Key: key, Certificate: cert,
		MetadataURL: mustURL(spEntity), AcsURL: mustURL(spACS), SignatureMethod: dsig.RSASHA256SignatureMethod,
		AuthnNameIDFormat: saml.UnspecifiedNameIDFormat, IDPMetadata: r.idpMetadata(t)}
	saml.Clock = dsig.NewFakeClockAt(clock.Now())
	name := "The Wiki"
	spec := samlidp.Spec{Name: &name, MetadataXML: r.spMetadata(t)}
	if change != nil {
		change(&spec)
	}
	var err error
	if r.app, err = r.apps.Create(context.Background(), poolID, spec); err != nil {
		t.Fatal(err)
	}
}

// spMetadata is the app's metadata. crewjam lists CBC only, which we never use.
func (r *rig) spMetadata(t testing.TB) *string {
	t.Helper()
	raw, err := xml.Marshal(r.sp.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), "http://www.w3.org/2001/04/xmlenc#aes128-cbc", samlxml.AES128GCM, 1)
	return &text
}

func (r *rig) idpMetadata(t testing.TB) *saml.EntityDescriptor {
	t.Helper()
	res, err := http.Get(r.URL + "/" + string(poolID) + "/saml/metadata")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	entity, err := samlsp.ParseMetadata(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return entity
}

// certs are the identity provider's, as its metadata has them.
func (r *rig) certs(t testing.TB) []*x509.Certificate {
	t.Helper()
	var certs []*x509.Certificate
	for _, k := range r.idpMetadata(t).IDPSSODescriptors[0].KeyDescriptors {
		der, err := base64.StdEncoding.DecodeString(k.KeyInfo.X509Data.X509Certificates[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		certs = append(certs, cert)
	}
	return certs
}

// A limiter lets everything pass until it is over.
type limiter struct{ over bool }

// LimitPool implements samlidp.Limiter.
func (l *limiter) LimitPool(http.ResponseWriter, *http.Request) error {
	if l.over {
		return web.Fail(http.StatusTooManyRequests, "Too many.", nil)
	}
	return nil
}

// wantRefusal fails unless a page carries a signed Response with that second status.
func wantRefusal(t *testing.T, r *rig, p page, second string) {
	t.Helper()
	out, err := samlxml.VerifyResponse(p.xml(t), r.certs(t), clock.Now())
	if !errors.Is(err, samlxml.ErrStatus) || out.Status.Second != second {
		t.Errorf("response %+v, error %v; want a refusal with %s", out, err, second)
	}
}

func newBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// A page is what the browser shows in the end.
type page struct {
	status                int
	url                   *url.URL
	header                http.Header
	body                  string
	action, relay, saml64 string
}

var (
	actionPart = regexp.MustCompile(`action="([^"]*)"`)
	inputPart  = regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`)
)

func (r *rig) read(t testing.TB, res *http.Response, err error) page {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	p := page{status: res.StatusCode, url: res.Request.URL, header: res.Header, body: string(raw)}
	if m := actionPart.FindStringSubmatch(p.body); m != nil {
		p.action = html.UnescapeString(m[1])
	}
	for _, m := range inputPart.FindAllStringSubmatch(p.body, -1) {
		switch m[1] {
		case "SAMLResponse":
			p.saml64 = html.UnescapeString(m[2])
		case "RelayState":
			p.relay = html.UnescapeString(m[2])
		}
	}
	return p
}

func (r *rig) get(t testing.TB, address string) page {
	t.Helper()
	res, err := r.browser.Get(address)
	return r.read(t, res, err)
}

// xml is the Response that a page carries.
func (p page) xml(t testing.TB) []byte {
	t.Helper()
	if p.saml64 == "" {
		t.Fatalf("status %d, no SAMLResponse in %s", p.status, p.body)
	}
	raw, err := base64.StdEncoding.DecodeString(p.saml64)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// verified is the Response of a page, by our own strict reader.
func (r *rig) verified(t testing.TB, p page) *samlxml.Response {
	t.Helper()
	out, err := samlxml.VerifyResponse(p.xml(t), r.certs(t), clock.Now())
	if err != nil {
		t.Fatalf("%v\n%s", err, p.xml(t))
	}
	return out
}

// A gate signs everybody in as alice when their browser passes its login page.
type gate struct {
	mu       sync.Mutex
	methods  []string
	logins   int
	sessions map[string]*idp.Session
}

func (g *gate) Current(r *http.Request, _ *userpool.Pool, force bool) (*browser.Current, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := r.Cookie("session")
	if err != nil || g.sessions[c.Value] == nil || force && r.URL.Query().Get("fresh") != c.Value {
		return nil, idp.ErrSessionNotFound
	}
	return &browser.Current{Session: g.sessions[c.Value]}, nil
}

func (g *gate) RequireSession(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, returnTo string, force bool) (*idp.Session, bool) {
	cur, err := g.Current(r, pool, force)
	if err != nil {
		http.Redirect(w, r, "/"+string(pool.ID)+"/login?"+url.Values{"to": {returnTo}}.Encode(), http.StatusSeeOther)
		return nil, false
	}
	return cur.Session, true
}

func (g *gate) login(w http.ResponseWriter, r *http.Request) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	secret, handle := idp.NewSecret()
	methods := g.methods
	if methods == nil {
		methods = []string{"pwd"}
	}
	if g.sessions == nil {
		g.sessions = map[string]*idp.Session{}
	}
	g.logins++
	g.sessions[secret] = &idp.Session{ID: handle, Root: handle, Pool: poolID, Sub: "sub-alice", Methods: methods,
		AuthTime: clock.Now(), Limit: clock.Now().Add(time.Hour)}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: secret, Path: "/"})
	http.Redirect(w, r, r.URL.Query().Get("to")+"&fresh="+secret, http.StatusSeeOther)
	return nil
}
