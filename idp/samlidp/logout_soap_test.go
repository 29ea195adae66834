package samlidp_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
	"github.com/poolhouse/poolhouse/userpool"
)

// speaking has an app that speaks single logout by SOAP, and by Redirect.
func (r *logoutRig) speaking(name string) *app {
	return r.app(name, "persistent", sloEndpoint(saml.SOAPBinding, "https://"+name+".example/soap", ""), sloEndpoint(redirectBinding, "https://"+name+".example/slo", ""))
}

// sendSOAP brings a message without a browser, and returns the verified answer; nil for none.
func (r *logoutRig) sendSOAP(raw []byte) (*etree.Element, int) {
	r.t.Helper()
	res, err := http.Post(r.h.SOAPLogoutURL(poolID), "text/xml", bytes.NewReader(raw))
	r.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	r.must(err)
	doc, err := samlxml.Parse(body, samlxml.Messages())
	r.must(err)
	answer := doc.Root().ChildElements()[0].ChildElements()[0]
	if answer.Tag != "LogoutResponse" {
		return nil, res.StatusCode
	}
	_, _, err = samlxml.Verify(answer, r.certs)
	r.must(err)
	return answer, res.StatusCode
}

func (r *logoutRig) soap(a *app, m samlxml.LogoutMessage) []byte {
	r.t.Helper()
	raw, err := a.LogoutSOAP(m, r.h.SOAPLogoutURL(poolID))
	r.must(err)
	return raw
}

// wantSOAP wants Success, with a second status or none.
func (r *logoutRig) wantSOAP(raw []byte, second string) {
	r.t.Helper()
	answer, status := r.sendSOAP(raw)
	if answer == nil || status != http.StatusOK {
		r.t.Fatalf("status %d, no answer", status)
	}
	doc := etree.NewDocument()
	doc.SetRoot(answer.Copy())
	text, err := doc.WriteToString()
	r.must(err)
	var codes []string
	for _, m := range regexp.MustCompile(`StatusCode Value="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		codes = append(codes, m[1])
	}
	want := strings.TrimSpace(saml.StatusSuccess + " " + second)
	if strings.Join(codes, " ") != want {
		r.t.Errorf("status %q, want %q", codes, want)
	}
}

// TestLogoutBySOAP: an app ends the sessions that it names itself, in every browser; what
// only a browser could have told is said to be partial.
func TestLogoutBySOAP(t *testing.T) {
	r := newLogoutRig(t)
	wiki, mail := r.speaking("wiki"), r.both("mail")
	first, second := r.person("alice"), r.person("alice")
	k := first.signIn(wiki)
	second.signIn(wiki)
	bob := r.person("bob")
	bob.signIn(wiki)
	r.wantSOAP(r.soap(wiki, wiki.request(k, k.index)), "")
	r.wantSessions("alice", 1)
	r.wantSOAP(r.soap(wiki, wiki.request(k)), "")
	r.wantSessions("alice", 0)
	r.wantSOAP(r.soap(wiki, wiki.request(k)), "") // what is over is over
	r.wantSessions("bob", 1)

	k = bob.signIn(wiki)
	bob.signIn(mail)
	req := wiki.request(k)
	req.NameID.NameQualifier = ""
	r.wantSOAP(r.soap(wiki, req), saml.StatusPartialLogout)
	r.wantSessions("bob", 0)
	list, err := r.db.IDP().Participants(t.Context(), poolID, "sub-bob", "")
	r.must(err)
	if len(list) > 0 {
		t.Errorf("still takes part: %+v", list)
	}
}

// TestLogoutBySOAPForged: without a browser all that counts is the signature, once, by the
// app that was told of the name.
func TestLogoutBySOAPForged(t *testing.T) {
	r := newLogoutRig(t)
	wiki, evil, quiet := r.speaking("wiki"), r.speaking("evil"), r.both("quiet")
	p := r.person("alice")
	k, q := p.signIn(wiki), p.signIn(quiet)
	p.signIn(evil)
	refused := func(raw []byte) {
		t.Helper()
		if answer, status := r.sendSOAP(raw); answer != nil || status != http.StatusInternalServerError {
			t.Errorf("answered %d", status)
		}
		r.wantSessions("alice", 1)
	}
	as := wiki.request(k)
	as.Issuer = evil.entity
	r.wantSOAP(r.soap(evil, as), "") // nobody that it knows by that name
	r.wantSessions("alice", 1)
	r.wantSOAP(r.soap(quiet, quiet.request(q)), "") // it does not say that it speaks SOAP
	r.wantSessions("alice", 1)
	refused(r.soap(evil, wiki.request(k)))
	refused([]byte("<x/>"))
	elsewhere, err := wiki.LogoutSOAP(wiki.request(k), r.h.SLOURL(poolID))
	r.must(err)
	refused(elsewhere)
	answer, err := wiki.LogoutSOAP(&samlxml.LogoutResponse{Envelope: wiki.request(k).Envelope, Status: samlxml.Status{Code: saml.StatusSuccess}}, "")
	r.must(err)
	refused(answer)

	good := r.soap(wiki, wiki.request(k))
	inside := regexp.MustCompile(`(?s)<samlp:LogoutRequest.*</samlp:LogoutRequest>`).Find(good)
	m := samlattack.New(t, inside, wiki.Signer, k.name.Value, "mallory-000")
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			refused([]byte(`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` + a.Doc + `</soap:Body></soap:Envelope>`))
		})
	}
	r.wantSOAP(good, saml.StatusPartialLogout)
	r.wantSessions("alice", 0)
	if answer, _ := r.sendSOAP(good); answer != nil {
		t.Error("the request counts twice")
	}
}

// TestLogoutBySOAPOfNamesakes: users who share the address that names them are all meant
// by it, and by an index the one whose session it is.
func TestLogoutBySOAPOfNamesakes(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.app("wiki", "emailAddress", sloEndpoint(saml.SOAPBinding, "https://wiki.example/soap", ""))
	_, err := r.users.UpdateUser(t.Context(), poolID, "bob", func(u *userpool.User) error {
		u.Attributes["email"] = "alice@example.org"
		return nil
	})
	r.must(err)
	k := r.person("alice").signIn(wiki)
	r.person("bob").signIn(wiki)
	r.wantSOAP(r.soap(wiki, wiki.request(k, k.index)), "")
	r.wantSessions("alice", 0)
	r.wantSessions("bob", 1)
	r.person("alice").signIn(wiki)
	r.wantSOAP(r.soap(wiki, wiki.request(k)), "")
	r.wantSessions("alice", 0)
	r.wantSessions("bob", 0)
}

// TestLogoutLimited: nothing is read of who comes too often.
func TestLogoutLimited(t *testing.T) {
	r := newLogoutRig(t)
	wiki := r.speaking("wiki")
	p := r.person("alice")
	k := p.signIn(wiki)
	r.limiter.over = true
	res, err := http.Post(r.h.SOAPLogoutURL(poolID), "text/xml", bytes.NewReader(r.soap(wiki, wiki.request(k))))
	r.must(err)
	res.Body.Close()
	for binding, status := range map[string]int{"soap": res.StatusCode, redirectBinding: p.send(wiki, wiki.request(k), redirectBinding, "").status,
		postBinding: p.send(wiki, wiki.request(k), postBinding, "").status} {
		if status != http.StatusTooManyRequests {
			t.Errorf("%s: %d", binding, status)
		}
	}
	r.wantSessions("alice", 1)
}
