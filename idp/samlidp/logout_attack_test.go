package samlidp_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
)

// TestLogoutAttacks holds single logout to every attack on signed messages: on requests
// by both bindings, and on answers.
func TestLogoutAttacks(t *testing.T) {
	r := newLogoutRig(t)
	wiki, mail := r.both("wiki"), r.both("mail")
	p := r.person("alice")
	k := p.signIn(wiki)
	p.signIn(mail)
	to := r.h.SLOURL(poolID)
	send := func(a *app, m samlxml.LogoutMessage, binding string) *samlxml.Sending {
		t.Helper()
		out, err := a.SendLogout(m, binding, to, "relay")
		r.must(err)
		return out
	}
	posted := func(field, doc string) *samlxml.Sending {
		return &samlxml.Sending{Address: to, Form: url.Values{field: {base64.StdEncoding.EncodeToString([]byte(doc))}}}
	}
	raw := decode64(t, send(wiki, wiki.request(k, k.index), postBinding).Form.Get("SAMLRequest"))
	m := samlattack.New(t, []byte(raw), wiki.Signer, k.name.Value, "mallory-000")
	for _, a := range m.Attacks() {
		t.Run("request/"+a.Class+"/"+a.Name, func(t *testing.T) { p.wantRefused(p.deliver(posted("SAMLRequest", a.Doc)), "alice", 1) })
	}
	_, query, _ := strings.Cut(send(wiki, wiki.request(k, k.index), redirectBinding).Address, "?")
	for _, a := range samlattack.NewQuery(t, query).Attacks() {
		t.Run("query/"+a.Class+"/"+a.Name, func(t *testing.T) {
			p.wantRefused(p.deliver(&samlxml.Sending{Address: to + "?" + a.Doc}), "alice", 1)
		})
	}

	at := p.deliver(posted("SAMLRequest", m.Good())) // the one that the attacks differ from
	asked := p.visit(at, mail)
	answer := decode64(t, send(mail, mail.response(asked), postBinding).Form.Get("SAMLResponse"))
	m = samlattack.New(t, []byte(answer), mail.Signer, mail.entity, "https://evil.example/metadata")
	for _, a := range m.Attacks() {
		t.Run("answer/"+a.Class+"/"+a.Name, func(t *testing.T) {
			if at := p.deliver(posted("SAMLResponse", a.Doc)); strings.Contains(at.header.Get("Location")+at.action, "wiki.example") {
				t.Errorf("taken for the answer: %d %s", at.status, a.Doc)
			}
		})
	}
	if at := p.deliver(posted("SAMLResponse", m.Good())); !strings.Contains(at.header.Get("Location")+at.action, "wiki.example/slo") {
		t.Errorf("the answer that the attacks differ from: %d %s", at.status, at.body)
	}
}
