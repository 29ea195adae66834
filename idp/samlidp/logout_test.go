package samlidp_test

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

func unescape(s string) string { return html.UnescapeString(s) }

const signedOutPage = "/" + string(poolID) + "/signedout"

// TestLogoutAcrossApps: an app signs the user out of us and, one after the other, of the
// other apps, and hears of it; by every mix of bindings.
func TestLogoutAcrossApps(t *testing.T) {
	for _, asking := range []string{redirectBinding, postBinding} {
		for _, answering := range []string{redirectBinding, postBinding} {
			t.Run(asking+" "+answering, func(t *testing.T) {
				r := newLogoutRig(t)
				wiki := r.both("wiki")
				mail := r.app("mail", samlidp.EmailAddress, sloEndpoint(answering, "https://mail.example/slo", ""))
				crm := r.app("crm", samlidp.Transient, sloEndpoint(answering, "https://crm.example/slo", ""))
				p := r.person("alice")
				in := map[*app]known{wiki: p.signIn(wiki), mail: p.signIn(mail), crm: p.signIn(crm)}
				ask := wiki.request(in[wiki], in[wiki].index)
				at := p.send(wiki, ask, asking, "state &=+")
				r.wantSessions("alice", 0) // before any app is asked
				asked := map[string]bool{}
				for range 2 {
					next := p.present(at, mail, crm)
					got := p.visit(at, next)
					if asked[next.name] = true; !sameNameID(got.NameID, in[next].name) || !slices.Equal(got.SessionIndexes, []string{in[next].index}) ||
						!got.NotOnOrAfter.Equal(clock.Now().Add(5*time.Minute).Truncate(time.Millisecond)) || got.Reason != "urn:oasis:names:tc:SAML:2.0:logout:user" {
						t.Errorf("%s got %+v, name %+v", next.name, got, got.NameID)
					}
					at = p.send(next, next.response(got), answering, "")
				}
				if len(asked) != 2 {
					t.Errorf("asked %v", asked)
				}
				p.wantAnswer(at, wiki, "/slo", ask, "state &=+", "")
			})
		}
	}
}

func sameNameID(a, b *saml.NameID) bool {
	return a.Value == b.Value && a.Format == b.Format && a.NameQualifier == b.NameQualifier && a.SPNameQualifier == b.SPNameQualifier
}

// TestLogoutStartsHere: a sign-out at our own page signs out of the apps too.
func TestLogoutStartsHere(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.both("wiki")
	p := r.person("alice")
	p.signIn(wiki)
	at := p.follow(p.get("/test/start"))
	at = p.send(wiki, wiki.response(p.visit(at, wiki)), redirectBinding, "")
	if at.header.Get("Location") != signedOutPage {
		t.Errorf("%d %s %s", at.status, at.header.Get("Location"), at.body)
	}
}

// TestLogoutNames: a request ends the session whose name and index it has, and no other.
func TestLogoutNames(t *testing.T) {
	const other = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	const us = "our own entity ID" // filled in below
	ended, untouched := 0, 1
	for name, tt := range map[string]struct {
		format  string
		change  func(r *samlxml.LogoutRequest, k, stranger known)
		want    int
		refused bool // with a status that is not Success
	}{
		"name and index":        {samlidp.Persistent, func(*samlxml.LogoutRequest, known, known) {}, ended, false},
		"no index":              {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.SessionIndexes = nil }, ended, false},
		"one of many indexes":   {samlidp.Persistent, func(r *samlxml.LogoutRequest, k, _ known) { r.SessionIndexes = []string{"x", k.index} }, ended, false},
		"bare name":             {samlidp.Persistent, func(r *samlxml.LogoutRequest, k, _ known) { r.NameID = &saml.NameID{Value: k.name.Value} }, ended, false},
		"another index":         {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.SessionIndexes = []string{"x"} }, untouched, false},
		"empty index":           {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.SessionIndexes = []string{""} }, untouched, false},
		"another user's name":   {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, s known) { r.NameID, r.SessionIndexes = s.name, nil }, untouched, false},
		"another user's all":    {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, s known) { r.NameID, r.SessionIndexes = s.name, []string{s.index} }, untouched, false},
		"name with their index": {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, s known) { r.SessionIndexes = []string{s.index} }, untouched, false},
		"implied qualifiers": {samlidp.EmailAddress, func(r *samlxml.LogoutRequest, _, _ known) {
			r.NameID.NameQualifier, r.NameID.SPNameQualifier = us, "https://wiki.example/metadata"
		}, ended, false},
		"another format":    {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.NameID.Format = other }, untouched, false},
		"another qualifier": {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.NameID.SPNameQualifier = "https://x.example" }, untouched, false},
		"another authority": {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.NameID.NameQualifier = "https://x.example" }, untouched, false},
		"a provided ID":     {samlidp.Persistent, func(r *samlxml.LogoutRequest, _, _ known) { r.NameID.SPProvidedID = "x" }, untouched, false},
		"case":              {samlidp.EmailAddress, func(r *samlxml.LogoutRequest, _, _ known) { r.NameID.Value = strings.ToUpper(r.NameID.Value) }, untouched, false},
		"older transient name": {samlidp.Transient, func(r *samlxml.LogoutRequest, _, _ known) {
			r.NameID = &saml.NameID{Format: other, Value: "_older"}
		}, ended, false},
		"older transient, no index": {samlidp.Transient, func(r *samlxml.LogoutRequest, _, _ known) {
			r.NameID, r.SessionIndexes = &saml.NameID{Format: other, Value: "_older"}, nil
		}, untouched, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLogoutRig(t)
			a := r.app("wiki", tt.format, sloEndpoint(redirectBinding, "https://wiki.example/slo", ""))
			p, bob := r.person("alice"), r.person("bob")
			k, stranger := p.signIn(a), bob.signIn(a)
			req := a.request(k, k.index)
			tt.change(req, k, stranger)
			if req.NameID.NameQualifier == us {
				req.NameID.NameQualifier = r.h.EntityID(poolID)
			}
			p.wantAnswer(p.send(a, req, redirectBinding, "x"), a, "/slo", req, "x", "")
			r.wantSessions("alice", tt.want)
			r.wantSessions("bob", 1)
		})
	}
}

// TestLogoutOfAnotherApp: an app cannot end a session that another app takes part in,
// even with the name and index that the other one was given.
func TestLogoutOfAnotherApp(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.app("wiki", samlidp.EmailAddress, sloEndpoint(redirectBinding, "https://wiki.example/slo", ""))
	evil := r.app("evil", samlidp.EmailAddress, sloEndpoint(redirectBinding, "https://evil.example/slo", ""))
	p := r.person("alice")
	k := p.signIn(wiki)
	for _, indexes := range [][]string{nil, {k.index}} {
		req := evil.request(k, indexes...)
		p.wantAnswer(p.send(evil, req, redirectBinding, ""), evil, "/slo", req, "", "")
		r.wantSessions("alice", 1)
	}
}

// TestLogoutForgeries: nothing ends for a request that is not signed by the app that
// sends it, fresh, for us, and new.
func TestLogoutForgeries(t *testing.T) {
	r := newLogoutRig(t)
	wiki, evil := r.both("wiki"), r.both("evil")
	p := r.person("alice")
	k := p.signIn(wiki)
	p.signIn(evil)
	to := r.h.SLOURL(poolID)
	sign := func(a *app, binding, to string, change func(*samlxml.LogoutRequest)) *samlxml.Sending {
		req := wiki.request(k, k.index)
		if change != nil {
			change(req)
		}
		out, err := a.SendLogout(req, binding, to, "")
		r.must(err)
		out.Address = strings.Replace(out.Address, to, r.h.SLOURL(poolID), 1)
		return out
	}
	unsigned := sign(wiki, redirectBinding, to, nil)
	unsigned.Address, _, _ = strings.Cut(unsigned.Address, "&SigAlg=")
	bare := sign(wiki, postBinding, to, nil)
	bare.Form = url.Values{"SAMLRequest": {stripSignature(t, bare.Form.Get("SAMLRequest"))}}
	for name, out := range map[string]*samlxml.Sending{
		"unsigned by redirect":           unsigned,
		"unsigned by post":               bare,
		"another app's key by redirect":  sign(evil, redirectBinding, to, nil),
		"another app's key by post":      sign(evil, postBinding, to, nil),
		"another pool's address":         sign(wiki, redirectBinding, strings.Replace(to, string(poolID), "us-east-1_Other0001", 1), nil),
		"our sign-in address":            sign(wiki, postBinding, r.h.SSOURL(poolID), nil),
		"old":                            sign(wiki, redirectBinding, to, func(l *samlxml.LogoutRequest) { l.IssueInstant = clock.Now().Add(-2 * samlxml.Skew) }),
		"from the future":                sign(wiki, redirectBinding, to, func(l *samlxml.LogoutRequest) { l.IssueInstant = clock.Now().Add(samlxml.Skew + time.Second) }),
		"over":                           sign(wiki, postBinding, to, func(l *samlxml.LogoutRequest) { l.NotOnOrAfter = clock.Now().Add(-samlxml.Skew) }),
		"an app that nobody knows":       sign(wiki, redirectBinding, to, func(l *samlxml.LogoutRequest) { l.Issuer = "https://nobody.example" }),
		"no message":                     {Address: to},
		"no message in a form":           {Address: to, Form: url.Values{}},
		"not XML":                        {Address: to, Form: url.Values{"SAMLRequest": {"AAAA"}}},
		"a token that nobody was given":  {Address: to + "?posted=x"},
		"request and response":           {Address: to, Form: url.Values{"SAMLRequest": {"AAAA"}, "SAMLResponse": {"AAAA"}}},
		"a request too long to remember": sign(wiki, redirectBinding, to, func(l *samlxml.LogoutRequest) { l.ID = "_" + strings.Repeat("x", 300) }),
	} {
		t.Run(name, func(t *testing.T) { p.wantRefused(p.deliver(out), "alice", 1) })
	}
}

// TestLogoutOnce: a message counts once, whoever brings it, by whatever binding.
func TestLogoutOnce(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.both("wiki")
	p := r.person("alice")
	k := p.signIn(wiki)
	req := wiki.request(k, k.index)
	p.wantAnswer(p.send(wiki, req, redirectBinding, ""), wiki, "/slo", req, "", "")
	p.get("/test/login/alice")
	k = p.signIn(wiki)
	req.SessionIndexes = nil // signed anew, under the same ID
	for _, binding := range []string{redirectBinding, postBinding} {
		p.wantRefused(p.send(wiki, req, binding, ""), "alice", 1)
	}
	// The redirect after a POST is good for one visit.
	fresh := wiki.request(k)
	out, err := wiki.SendLogout(fresh, postBinding, r.h.SLOURL(poolID), "")
	r.must(err)
	stranger := r.person("")
	res, err := stranger.c.PostForm(out.Address, out.Form)
	posted := stranger.read(res, err).header.Get("Location")
	stranger.wantAnswer(stranger.get(posted), wiki, "/slo", fresh, "", "")
	p.wantRefused(p.get(posted), "alice", 1)
}

// TestLogoutOfAll: without an index every session of the user that the app takes part
// in ends, and the apps of those are told; sessions of which it knows nothing go on.
func TestLogoutOfAll(t *testing.T) {
	r := newLogoutRig(t)
	wiki, mail := r.both("wiki"), r.both("mail")
	here, there, elsewhere, bob := r.person("alice"), r.person("alice"), r.person("alice"), r.person("bob")
	k := here.signIn(wiki)
	there.signIn(wiki)
	first, second := here.signIn(mail), there.signIn(mail)
	elsewhere.signIn(mail)
	bob.signIn(wiki)
	req := wiki.request(k)
	at := here.send(wiki, req, postBinding, "")
	r.wantSessions("alice", 1)
	r.wantSessions("bob", 1)
	got := here.visit(at, mail)
	want := []string{first.index, second.index}
	slices.Sort(want)
	slices.Sort(got.SessionIndexes)
	if !slices.Equal(got.SessionIndexes, want) {
		t.Errorf("asked to end %q, want %q", got.SessionIndexes, want)
	}
	here.wantAnswer(here.send(mail, mail.response(got), redirectBinding, ""), wiki, "/slo", req, "", "")
	// One that names a session of another browser ends nothing in this one.
	elsewhere.signIn(wiki)
	fourth := r.person("alice").signIn(wiki)
	req = wiki.request(fourth, fourth.index)
	l := elsewhere.arrived(elsewhere.send(wiki, req, redirectBinding, ""), wiki, "/slo")
	if s := l.Response.Status; s.Code != saml.StatusResponder || s.Second != saml.StatusRequestDenied {
		t.Errorf("status %+v", s)
	}
	r.wantSessions("alice", 2)
}

// TestLogoutPartial: the answer is honest about apps that did not, or cannot, sign out.
func TestLogoutPartial(t *testing.T) {
	skip := func(p *person, at page, _ *app) page { return p.follow(p.get(p.leaving(at).Skip)) }
	answer := func(status ...string) func(*person, page, *app) page {
		return func(p *person, at page, a *app) page {
			return p.send(a, a.response(p.visit(at, a), status...), redirectBinding, "")
		}
	}
	for name, tt := range map[string]struct {
		endpoints []string
		walk      func(p *person, at page, a *app) page
		want      string
	}{
		"confirmed":            {nil, answer(saml.StatusSuccess), ""},
		"refused":              {nil, answer(saml.StatusResponder, saml.StatusRequestDenied), saml.StatusPartialLogout},
		"partial itself":       {nil, answer(saml.StatusSuccess, saml.StatusPartialLogout), saml.StatusPartialLogout},
		"no answer":            {nil, skip, saml.StatusPartialLogout},
		"no endpoint":          {[]string{""}, func(_ *person, at page, _ *app) page { return at }, saml.StatusPartialLogout},
		"only SOAP":            {[]string{sloEndpoint(saml.SOAPBinding, "https://mail.example/slo", "")}, func(_ *person, at page, _ *app) page { return at }, saml.StatusPartialLogout},
		"only by POST":         {[]string{sloEndpoint(postBinding, "https://mail.example/slo", "")}, answer(saml.StatusSuccess), ""},
		"SOAP first":           {[]string{sloEndpoint(saml.SOAPBinding, "https://mail.example/soap", ""), sloEndpoint(redirectBinding, "https://mail.example/slo", "")}, answer(saml.StatusSuccess), ""},
		"answers go elsewhere": {[]string{sloEndpoint(redirectBinding, "https://mail.example/slo", `ResponseLocation="https://mail.example/done"`)}, answer(saml.StatusSuccess), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLogoutRig(t)
			wiki := r.both("wiki")
			if tt.endpoints == nil {
				tt.endpoints = []string{sloEndpoint(redirectBinding, "https://mail.example/slo", "")}
			}
			mail := r.app("mail", samlidp.Persistent, tt.endpoints...)
			p := r.person("alice")
			k := p.signIn(wiki)
			p.signIn(mail)
			req := wiki.request(k, k.index)
			p.wantAnswer(tt.walk(p, p.send(wiki, req, redirectBinding, "s"), mail), wiki, "/slo", req, "s", tt.want)
			r.wantSessions("alice", 0)
		})
	}
}

// TestLogoutAnswerAddress: our answer goes where the metadata says, by a binding that
// is there; without any the browser stays with us.
func TestLogoutAnswerAddress(t *testing.T) {
	for name, tt := range map[string]struct {
		endpoints []string
		path      string // empty is our own page
	}{
		"the same binding":  {[]string{sloEndpoint(redirectBinding, "https://wiki.example/redirect", ""), sloEndpoint(postBinding, "https://wiki.example/post", "")}, "/post"},
		"the other binding": {[]string{sloEndpoint(redirectBinding, "https://wiki.example/redirect", "")}, "/redirect"},
		"ResponseLocation":  {[]string{sloEndpoint(postBinding, "https://wiki.example/post", `ResponseLocation="https://wiki.example/done"`)}, "/done"},
		"no endpoint":       {[]string{""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLogoutRig(t)
			wiki := r.app("wiki", samlidp.Persistent, tt.endpoints...)
			p := r.person("alice")
			k := p.signIn(wiki)
			for range 2 { // the second time there is no session
				req := wiki.request(k, k.index)
				at := p.send(wiki, req, postBinding, "")
				if tt.path == "" {
					if at.header.Get("Location") != signedOutPage {
						t.Errorf("%d %s", at.status, at.body)
					}
				} else {
					p.wantAnswer(at, wiki, tt.path, req, "", "")
				}
				r.wantSessions("alice", 0)
			}
		})
	}
}

// TestLogoutAnswersForged: an answer that the asked app did not sign, or that is for
// another question, is none. The page says that there is none yet, and one that is
// good still counts.
func TestLogoutAnswersForged(t *testing.T) {
	r := newLogoutRig(t)
	wiki, mail, evil := r.both("wiki"), r.both("mail"), r.both("evil")
	p := r.person("alice")
	k := p.signIn(wiki)
	p.signIn(mail)
	req := wiki.request(k, k.index)
	at := p.send(wiki, req, redirectBinding, "")
	asked := p.visit(at, mail)
	good := mail.response(asked)
	out, err := mail.SendLogout(good, redirectBinding, r.h.SLOURL(poolID), "")
	r.must(err)
	stripped, _, _ := strings.Cut(out.Address, "&SigAlg=")
	as := func(a *app, change func(*samlxml.LogoutResponse)) *samlxml.Sending {
		res := a.response(asked)
		change(res)
		out, err := a.SendLogout(res, postBinding, r.h.SLOURL(poolID), "")
		r.must(err)
		return out
	}
	for name, out := range map[string]*samlxml.Sending{
		"unsigned":            {Address: stripped},
		"another app's":       as(evil, func(*samlxml.LogoutResponse) {}),
		"another app's key":   as(evil, func(l *samlxml.LogoutResponse) { l.Issuer = mail.entity }),
		"the asker's":         as(wiki, func(*samlxml.LogoutResponse) {}),
		"to another question": as(mail, func(l *samlxml.LogoutResponse) { l.InResponseTo = samlxml.NewID() }),
		"to no question":      as(mail, func(l *samlxml.LogoutResponse) { l.InResponseTo = "" }),
		"old":                 as(mail, func(l *samlxml.LogoutResponse) { l.IssueInstant = clock.Now().Add(-2 * samlxml.Skew) }),
	} {
		t.Run(name, func(t *testing.T) {
			l := p.leaving(p.deliver(out))
			if !l.Late || l.Visits[0].Done != chain.Asked {
				t.Errorf("%+v", l)
			}
		})
	}
	stranger := r.person("bob")
	if at := stranger.deliver(out); at.status != http.StatusBadRequest {
		t.Errorf("another browser: %d %s", at.status, at.body)
	}
	again := mail.response(asked) // the one above was used up by the stranger
	p.wantAnswer(p.send(mail, again, redirectBinding, ""), wiki, "/slo", req, "", "")
	if at := p.send(mail, mail.response(asked), redirectBinding, ""); at.status != http.StatusBadRequest {
		t.Errorf("a second answer: %d %s %s", at.status, at.header.Get("Location"), at.body)
	}
}

// TestLogoutReplayedAnswer: the very same message does not count twice.
func TestLogoutReplayedAnswer(t *testing.T) {
	r := newLogoutRig(t)
	wiki, mail, crm := r.both("wiki"), r.both("mail"), r.both("crm")
	p := r.person("alice")
	k := p.signIn(wiki)
	p.signIn(mail)
	p.signIn(crm)
	at := p.send(wiki, wiki.request(k, k.index), redirectBinding, "")
	first := p.present(at, mail, crm)
	out, err := first.SendLogout(first.response(p.visit(at, first), saml.StatusResponder), redirectBinding, r.h.SLOURL(poolID), "")
	r.must(err)
	if l := p.leaving(p.deliver(out)); l.Visits[0].Done != chain.Refused {
		t.Errorf("%+v", l)
	}
	if l := p.leaving(p.deliver(out)); l.Visits[0].Done != chain.Refused || l.Visits[1].Done != chain.Waiting {
		t.Errorf("again: %+v", l)
	}
}

// TestLogoutAtOnce: of many deliveries of one request one ends the session.
func TestLogoutAtOnce(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.both("wiki")
	p := r.person("alice")
	k := p.signIn(wiki)
	req := wiki.request(k, k.index)
	out, err := wiki.SendLogout(req, redirectBinding, r.h.SLOURL(poolID), "")
	r.must(err)
	var mu sync.Mutex
	var wg sync.WaitGroup
	statuses := map[int]int{}
	for range 8 {
		wg.Go(func() {
			res, err := p.c.Get(out.Address)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[res.StatusCode]++
		})
	}
	wg.Wait()
	if statuses[http.StatusFound] != 1 || statuses[http.StatusBadRequest] != 7 {
		t.Errorf("%v", statuses)
	}
	r.wantSessions("alice", 0)
}

// TestLogoutAsynchronous: an app that wants no answer gets none.
func TestLogoutAsynchronous(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.both("wiki")
	p := r.person("alice")
	k := p.signIn(wiki)
	out, err := wiki.SendLogout(wiki.request(k, k.index), postBinding, r.h.SLOURL(poolID), "")
	r.must(err)
	raw := decode64(t, stripSignature(t, out.Form.Get("SAMLRequest")))
	raw = strings.Replace(raw, "</saml:Issuer>", `</saml:Issuer><samlp:Extensions><a:Asynchronous xmlns:a="urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"></a:Asynchronous></samlp:Extensions>`, 1)
	to, err := samlxml.RedirectURL(r.h.SLOURL(poolID), "SAMLRequest", []byte(raw), "", &wiki.Signer)
	r.must(err)
	if at := p.follow(p.get(to)); at.header.Get("Location") != signedOutPage {
		t.Errorf("%d %s", at.status, at.body)
	}
	r.wantSessions("alice", 0)
}

// TestLogoutEncryptedName: a name that we cannot read is nobody's.
func TestLogoutEncryptedName(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.both("wiki")
	p := r.person("alice")
	k := p.signIn(wiki)
	out, err := wiki.SendLogout(wiki.request(k, k.index), postBinding, r.h.SLOURL(poolID), "")
	r.must(err)
	raw := decode64(t, stripSignature(t, out.Form.Get("SAMLRequest")))
	before, rest, _ := strings.Cut(raw, "<saml:NameID")
	_, after, _ := strings.Cut(rest, "</saml:NameID>")
	to, err := samlxml.RedirectURL(r.h.SLOURL(poolID), "SAMLRequest", []byte(before+`<saml:EncryptedID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"></saml:EncryptedID>`+after), "", &wiki.Signer)
	r.must(err)
	l := p.arrived(p.follow(p.get(to)), wiki, "/slo")
	if s := l.Response.Status; s.Code != saml.StatusRequester || s.Second != saml.StatusRequestUnsupported {
		t.Errorf("status %+v", s)
	}
	r.wantSessions("alice", 1)
}

// TestLogoutOfAppThatIsGone: an app that was deleted, or has no name for the user,
// keeps nobody from signing out.
func TestLogoutOfAppThatIsGone(t *testing.T) {
	r := newLogoutRig(t)
	wiki, gone := r.both("wiki"), r.both("gone")
	p := r.person("alice")
	k := p.signIn(wiki)
	p.signIn(gone)
	r.must(r.db.SAML().DeleteApplication(t.Context(), poolID, gone.id))
	req := wiki.request(k, k.index)
	p.wantAnswer(p.send(wiki, req, redirectBinding, ""), wiki, "/slo", req, "", "")
}
