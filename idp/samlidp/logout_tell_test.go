package samlidp_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A soapNet is where apps take LogoutRequests by SOAP.
type soapNet struct {
	r      *logoutRig
	mu     sync.Mutex
	apps   []*app
	status map[string]string // of the answer, by the app's name; Success without
	got    []*samlxml.LogoutRequest
}

func (r *logoutRig) net(apps ...*app) *soapNet {
	n := &soapNet{r: r, apps: apps, status: map[string]string{}}
	r.h.Caller = n
	return n
}

// Call implements samlsoap.Caller.
func (n *soapNet) Call(_ context.Context, address string, _ http.Header, body []byte, _ int) (*outbound.Answer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, err := samlxml.LogoutBySOAP(body)
	if err != nil {
		return nil, err
	}
	if err := l.Verify(n.r.certs); err != nil {
		return nil, err
	}
	n.got = append(n.got, l.Request)
	for _, a := range n.apps {
		if address != "https://"+a.name+".example/soap" {
			continue
		}
		var status []string
		if s := n.status[a.name]; s != "" {
			status = append(status, s)
		}
		raw, err := a.LogoutSOAP(a.response(l.Request, status...), "")
		return &outbound.Answer{Status: http.StatusOK, Body: raw}, err
	}
	return nil, outbound.ErrForbidden
}

// names are those of the users that apps were told of.
func (n *soapNet) names() (all []string) {
	for _, r := range n.got {
		all = append(all, r.NameID.Value+" "+strings.Join(r.SessionIndexes, " "))
	}
	return all
}

// silent has an app that speaks single logout by SOAP alone.
func (r *logoutRig) silent(name string) *app {
	return r.app(name, samlidp.Persistent, sloEndpoint(saml.SOAPBinding, "https://"+name+".example/soap", ""))
}

// TestLogoutTellsBySOAP: an app that no browser can tell is told by us, and counts.
func TestLogoutTellsBySOAP(t *testing.T) {
	for status, second := range map[string]string{"": "", saml.StatusResponder: saml.StatusPartialLogout} {
		r := newLogoutRig(t)
		wiki, quiet := r.both("wiki"), r.silent("quiet")
		n := r.net(quiet)
		n.status["quiet"] = status
		p := r.person("alice")
		k, q := p.signIn(wiki), p.signIn(quiet)
		req := wiki.request(k, k.index)
		p.wantAnswer(p.send(wiki, req, redirectBinding, ""), wiki, "/slo", req, "", second)
		if !slices.Equal(n.names(), []string{q.name.Value + " " + q.index}) {
			t.Errorf("told of %q", n.names())
		}
		r.wantSessions("alice", 0)
	}
}

// TestLogoutPrefersTheBrowser, unless a setting of the app says otherwise.
func TestLogoutPrefersTheBrowser(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.speaking("wiki")
	n := r.net(wiki)
	p := r.person("alice")
	p.signIn(wiki)
	if l := p.leaving(p.follow(p.get("/test/start"))); len(l.Visits) != 1 || l.Visits[0].Done != chain.Waiting || len(n.got) > 0 {
		t.Errorf("%+v, told %q", l, n.names())
	}
	_, err := r.db.SAML().UpdateApplication(t.Context(), poolID, wiki.id, func(a *samlidp.Application) error {
		a.Settings.LogoutBySOAP = true
		return nil
	})
	r.must(err)
	p = r.person("alice")
	p.signIn(wiki)
	if at := p.follow(p.get("/test/start")); at.header.Get("Location") != signedOutPage || len(n.got) != 1 {
		t.Errorf("%d %s %s, told %q", at.status, at.header.Get("Location"), at.body, n.names())
	}
}

// TestLogoutBySOAPTellsOthers: a sign-out that no browser sees reaches all who speak SOAP.
func TestLogoutBySOAPTellsOthers(t *testing.T) {
	r := newLogoutRig(t)
	wiki, mail, quiet := r.speaking("wiki"), r.speaking("mail"), r.silent("quiet")
	n := r.net(wiki, mail, quiet)
	p := r.person("alice")
	k, m, q := p.signIn(wiki), p.signIn(mail), p.signIn(quiet)
	r.wantSOAP(r.soap(wiki, wiki.request(k)), "")
	got, want := n.names(), []string{m.name.Value + " " + m.index, q.name.Value + " " + q.index}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
	r.wantSessions("alice", 0)

	k = p.signInAgain(wiki, mail, quiet)
	n.status["mail"] = saml.StatusResponder
	r.wantSOAP(r.soap(wiki, wiki.request(k)), saml.StatusPartialLogout)
}

// signInAgain signs in anew to several apps, and returns what the first knows.
func (p *person) signInAgain(apps ...*app) known {
	p.r.t.Helper()
	p.get("/test/login/alice")
	k := p.signIn(apps[0])
	for _, a := range apps[1:] {
		p.signIn(a)
	}
	return k
}

// A failing store forgets no more participants after a number of them.
type failing struct {
	idp.ParticipantStore
	after int
}

func (f *failing) Leave(ctx context.Context, p *idp.Participant) error {
	if f.after--; f.after < 0 {
		return errors.New("the database is gone")
	}
	return f.ParticipantStore.Leave(ctx, p)
}

// TestLogoutBySOAPFails: the app hears of a failure, and the others of the sessions that have
// ended by then.
func TestLogoutBySOAPFails(t *testing.T) {
	r := newLogoutRig(t)
	wiki, quiet := r.speaking("wiki"), r.silent("quiet")
	n := r.net(quiet)
	p := r.person("alice")
	k, q := p.signIn(wiki), p.signIn(quiet)
	r.h.Participants = &failing{ParticipantStore: r.h.Participants, after: 1}
	res, err := http.Post(r.h.SOAPLogoutURL(poolID), "text/xml", bytes.NewReader(r.soap(wiki, wiki.request(k))))
	r.must(err)
	r.must(res.Body.Close())
	if res.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", res.StatusCode)
	}
	if !slices.Equal(n.names(), []string{q.name.Value + " " + q.index}) {
		t.Errorf("told of %q", n.names())
	}
}
