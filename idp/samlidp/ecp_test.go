package samlidp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	spPAOS      = "https://sp.example/paos"
	paos        = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"
	alicesWord  = "Correct-Horse-9"
	soapHead    = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>`
	soapTail    = `</soap:Body></soap:Envelope>`
	wrongAnswer = "wrong"
)

// An ecpRig is a pool that takes enhanced clients, and an app that has an endpoint for them.
type ecpRig struct {
	*rig
	t     *testing.T
	mails int
}

func newECPRig(t *testing.T, change func(*samlidp.Spec)) *ecpRig {
	t.Helper()
	e := &ecpRig{t: t}
	e.rig = newRig(t, func(s *samlidp.Spec) {
		s.NameIDFormat = ptr("emailAddress")
		endpoint := `<AssertionConsumerService Binding="` + paos + `" Location="` + spPAOS + `" index="7"></AssertionConsumerService></SPSSODescriptor>`
		metadata := strings.Replace(*s.MetadataXML, "</SPSSODescriptor>", endpoint, 1)
		s.MetadataXML = ptr(strings.Replace(metadata, `AuthnRequestsSigned="true"`, "", 1))
		if change != nil {
			change(s)
		}
	})
	users := e.db.Userpool(e.ring)
	hasher := userpool.NewHasher(userpool.HasherConfig{Cost: userpool.HashCost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	e.h.Passwords = &userpool.Auth{Store: users, Ephemeral: ephemeraltest.New(clock.Now), Keys: e.ring, Hasher: hasher, Messages: e,
		Tokens: &userpool.Tokens{Store: users, Keys: e.ring, Now: clock.Now, Issuer: e.h.Issuer}, Now: clock.Now, Log: e.h.Log}
	hash, err := hasher.Hash(t.Context(), alicesWord)
	e.must(err)
	e.change(func(u *userpool.User) { u.Password = hash })
	e.must(e.apps.SetPool(t.Context(), &samlidp.PoolSettings{Pool: poolID, EnhancedClients: true}))
	return e
}

// on is the rig for a part of the test.
func (e *ecpRig) on(t *testing.T) *ecpRig { return &ecpRig{rig: e.rig, t: t} }

func (e *ecpRig) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// Send counts codes, which nobody without a page could enter.
func (e *ecpRig) Send(context.Context, userpool.Mail) error { e.mails++; return nil }

func (e *ecpRig) change(f func(*userpool.User)) {
	e.t.Helper()
	_, err := e.db.Userpool(e.ring).UpdateUser(e.t.Context(), poolID, "alice", func(u *userpool.User) error { f(u); return nil })
	e.must(err)
}

// asks is a request of the app, not signed, as it comes in the envelope.
func (e *ecpRig) asks(change func(*saml.AuthnRequest)) string {
	e.t.Helper()
	req := e.request(e.t, saml.HTTPPostBinding, func(q *saml.AuthnRequest) {
		q.AssertionConsumerServiceURL, q.ProtocolBinding, q.Destination = spPAOS, paos, e.h.ECPURL(poolID)
		q.Subject = &saml.Subject{NameID: &saml.NameID{Value: "alice@example.org"}}
		if change != nil {
			change(q)
		}
	})
	req.Signature = nil
	doc := etree.NewDocument()
	doc.SetRoot(req.Element())
	raw, err := doc.WriteToString()
	e.must(err)
	return raw
}

// An answered is what an enhanced client got.
type answered struct {
	status int
	header http.Header
	body   string
}

func (e *ecpRig) bring(body, name, password string) answered {
	e.t.Helper()
	req, err := http.NewRequest(http.MethodPost, e.h.ECPURL(poolID), strings.NewReader(body))
	e.must(err)
	if name != "" {
		req.SetBasicAuth(name, password)
	}
	res, err := http.DefaultClient.Do(req)
	e.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	e.must(err)
	return answered{res.StatusCode, res.Header, string(raw)}
}

var responsePart = regexp.MustCompile(`(?s)<samlp:Response.*</samlp:Response>`)

// response verifies the Response of an answer, and that the client is told where it goes.
func (e *ecpRig) response(a answered) (*samlxml.Response, error) {
	e.t.Helper()
	if a.status != http.StatusOK || !strings.Contains(a.body, `<ecp:Response xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" AssertionConsumerServiceURL="`+spPAOS+`"`) {
		e.t.Fatalf("%d %s", a.status, a.body)
	}
	return samlxml.VerifyResponse(responsePart.Find([]byte(a.body)), e.certs(e.t), clock.Now())
}

// wantRefused wants a signed refusal.
func (e *ecpRig) wantRefused(a answered, second string) {
	e.t.Helper()
	if out, err := e.response(a); !errors.Is(err, samlxml.ErrStatus) || out.Status.Second != second {
		e.t.Errorf("%+v, %v", out, err)
	}
}

// wantNothing wants no Response at all.
func (e *ecpRig) wantNothing(a answered, status int) {
	e.t.Helper()
	if a.status != status || strings.Contains(a.body, "samlp:Response") {
		e.t.Errorf("%d %s, want %d and no Response", a.status, a.body, status)
	}
}

// TestECP signs alice in by a name and a password that an enhanced client shows.
func TestECP(t *testing.T) {
	e := newECPRig(t, nil)
	for name, change := range map[string]func(*saml.AuthnRequest){
		"by address": nil,
		"by default": func(q *saml.AuthnRequest) { q.AssertionConsumerServiceURL, q.ProtocolBinding = "", "" },
		"by index": func(q *saml.AuthnRequest) {
			q.AssertionConsumerServiceURL, q.ProtocolBinding, q.AssertionConsumerServiceIndex = "", "", "7"
		},
		"without a destination": func(q *saml.AuthnRequest) { q.Destination = "" },
		"passive, and anew":     func(q *saml.AuthnRequest) { q.IsPassive, q.ForceAuthn = ptr(true), ptr(true) },
	} {
		t.Run(name, func(t *testing.T) {
			e := e.on(t)
			a := e.bring(soapHead+e.asks(change)+soapTail, "alice", alicesWord)
			out, err := e.response(a)
			e.must(err)
			got := out.Assertion
			if got.Subject.NameID.Value != "alice@example.org" || got.Subject.SubjectConfirmations[0].SubjectConfirmationData.Recipient != spPAOS ||
				!got.AuthnStatements[0].AuthnInstant.Equal(clock.Now().Truncate(time.Millisecond)) || out.InResponseTo == "" {
				t.Errorf("%+v", out)
			}
			if strings.Contains(a.body, "RequestAuthenticated") {
				t.Error("the request was not signed")
			}
		})
	}
	if list, err := e.db.IDP().List(t.Context(), poolID, "sub-alice"); err != nil || len(list) > 0 {
		t.Errorf("a browser session %v, %v", list, err)
	}
}

// TestECPSigned: the client is told that the app's own signature was found.
func TestECPSigned(t *testing.T) {
	e := newECPRig(t, func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{RequireSignedRequests: true} })
	m := samlattack.New(t, []byte(e.asks(nil)), appSigner(), "alice@example.org", "mallory@example.org")
	e.wantNothing(e.bring(soapHead+e.asks(nil)+soapTail, "alice", alicesWord), http.StatusInternalServerError)
	a := e.bring(soapHead+m.Good()+soapTail, "alice", alicesWord)
	if _, err := e.response(a); err != nil || !strings.Contains(a.body, "RequestAuthenticated") {
		t.Errorf("%v %s", err, a.body)
	}
	e.wantNothing(e.bring(soapHead+m.Good()+soapTail, "alice", alicesWord), http.StatusInternalServerError) // replayed
}

// TestECPAttacks holds the endpoint to every attack on signed requests, with the right
// password of the account that is attacked.
func TestECPAttacks(t *testing.T) {
	e := newECPRig(t, func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{RequireSignedRequests: true} })
	m := samlattack.New(t, []byte(e.asks(nil)), appSigner(), "alice@example.org", "mallory@example.org")
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			e := e.on(t)
			e.wantNothing(e.bring(soapHead+a.Doc+soapTail, "alice", alicesWord), http.StatusInternalServerError)
		})
	}
	if _, err := e.response(e.bring(soapHead+m.Good()+soapTail, "alice", alicesWord)); err != nil {
		t.Error(err)
	}
}

// TestECPEnvelopes: what is not one request in one envelope is nothing.
func TestECPEnvelopes(t *testing.T) {
	e := newECPRig(t, nil)
	req := e.asks(nil)
	header := func(block string) string {
		return strings.Replace(soapHead, "<soap:Body>", "<soap:Header>"+block+"</soap:Header><soap:Body>", 1) + req + soapTail
	}
	for name, body := range map[string]string{
		"bare":                req,
		"DOCTYPE":             `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + soapHead + req + soapTail,
		"two":                 soapHead + req + req + soapTail,
		"empty":               soapHead + soapTail,
		"text beside":         soapHead + "x" + req + soapTail,
		"another message":     soapHead + strings.ReplaceAll(req, "AuthnRequest", "LogoutRequest") + soapTail,
		"must be understood":  header(`<x xmlns="urn:x" soap:mustUnderstand="1"/>`),
		"channel bindings":    header(`<cb:ChannelBindings xmlns:cb="urn:oasis:names:tc:SAML:protocol:ext:channel-binding" soap:mustUnderstand="1" Type="tls-unique">eA==</cb:ChannelBindings>`),
		"another app's":       soapHead + strings.ReplaceAll(req, spEntity, "https://evil.example/metadata") + soapTail,
		"another's address":   soapHead + strings.ReplaceAll(req, spPAOS, "https://evil.example/paos") + soapTail,
		"a browser's address": soapHead + strings.ReplaceAll(req, spPAOS, spACS) + soapTail,
		"long":                soapHead + strings.Repeat(" ", 100_000) + req + soapTail,
	} {
		t.Run(name, func(t *testing.T) {
			e.on(t).wantNothing(e.bring(body, "alice", alicesWord), http.StatusInternalServerError)
		})
	}
	if _, err := e.response(e.bring(header(`<x xmlns="urn:x"/>`), "alice", alicesWord)); err != nil {
		t.Error(err)
	}
	e.wantRefused(e.bring(soapHead+e.asks(func(q *saml.AuthnRequest) { q.Destination = e.h.SSOURL(poolID) })+soapTail, "alice", alicesWord), saml.StatusRequestDenied)
	e.wantRefused(e.bring(soapHead+e.asks(func(q *saml.AuthnRequest) { q.ProtocolBinding = saml.HTTPPostBinding })+soapTail, "alice", alicesWord), saml.StatusUnsupportedBinding)
	e.wantRefused(e.bring(soapHead+e.asks(func(q *saml.AuthnRequest) { q.Subject.NameID.Value = "bob@example.org" })+soapTail, "alice", alicesWord), saml.StatusUnknownPrincipal)
}

// TestECPNeedsAnEndpoint: an app without one is answered nothing, whatever it asks.
func TestECPNeedsAnEndpoint(t *testing.T) {
	e := newECPRig(t, func(s *samlidp.Spec) {
		s.MetadataXML = ptr(strings.ReplaceAll(*s.MetadataXML, paos, saml.HTTPArtifactBinding))
	})
	for _, change := range []func(*saml.AuthnRequest){nil, func(q *saml.AuthnRequest) { q.AssertionConsumerServiceURL, q.ProtocolBinding = "", "" }} {
		e.wantNothing(e.bring(soapHead+e.asks(change)+soapTail, "alice", alicesWord), http.StatusInternalServerError)
	}
}

// TestECPPasswords: who shows no right password is asked again, in the same words.
func TestECPPasswords(t *testing.T) {
	e := newECPRig(t, nil)
	body := soapHead + e.asks(nil) + soapTail
	texts := map[string]bool{}
	for _, who := range [][2]string{{"", ""}, {"alice", ""}, {"alice", wrongAnswer}, {"nobody", wrongAnswer}, {"alice\x00", wrongAnswer}, {"\xff", wrongAnswer}} {
		a := e.bring(body, who[0], who[1])
		e.wantNothing(a, http.StatusUnauthorized)
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%q: %v", who, a.header)
		}
		texts[a.body] = true
	}
	if len(texts) != 1 {
		t.Errorf("%v", texts)
	}
	if _, err := e.response(e.bring(body, "alice", alicesWord)); err != nil { // the request was not used up
		t.Error(err)
	}
}

// TestECPLockout: wrong passwords count as on a page, and those of a page count here.
func TestECPLockout(t *testing.T) {
	e := newECPRig(t, nil)
	body := soapHead + e.asks(nil) + soapTail
	for range 10 {
		e.wantNothing(e.bring(body, "alice", wrongAnswer), http.StatusUnauthorized)
	}
	e.wantNothing(e.bring(body, "alice", alicesWord), http.StatusUnauthorized)
}

// TestECPLimited: nothing is read of who comes too often.
func TestECPLimited(t *testing.T) {
	e := newECPRig(t, nil)
	e.h.Limiter = &limiter{over: true}
	e.wantNothing(e.bring(soapHead+e.asks(nil)+soapTail, "alice", alicesWord), http.StatusTooManyRequests)
}

// TestECPNeedsMore: a password is not enough for who has to do more. No code is sent.
func TestECPNeedsMore(t *testing.T) {
	for name, change := range map[string]func(*userpool.Pool, *userpool.User){
		"authenticator app": func(p *userpool.Pool, u *userpool.User) {
			p.MFA, p.TOTPMFA = userpool.MFAOptional, true
			u.MFA.TOTP, u.MFA.Secret = true, []byte("12345678901234567890")
		},
		"code by mail": func(p *userpool.Pool, u *userpool.User) {
			p.MFA, p.EmailMFA, u.MFA.Email = userpool.MFAOptional, true, true
		},
		"pool insists": func(p *userpool.Pool, _ *userpool.User) { p.MFA, p.TOTPMFA = userpool.MFAOn, true },
		"temporary password": func(_ *userpool.Pool, u *userpool.User) {
			u.Status, u.PasswordChanged = userpool.ForceChangePassword, clock.Now()
		},
		"not confirmed": func(_ *userpool.Pool, u *userpool.User) { u.Status = userpool.Unconfirmed },
		"has to reset":  func(_ *userpool.Pool, u *userpool.User) { u.Status = userpool.ResetRequired },
	} {
		t.Run(name, func(t *testing.T) {
			e := newECPRig(t, nil)
			_, err := e.db.Userpool(e.ring).UpdatePool(t.Context(), poolID, func(p *userpool.Pool) error { change(p, &userpool.User{}); return nil })
			e.must(err)
			e.change(func(u *userpool.User) { change(&userpool.Pool{}, u) })
			body := soapHead + e.asks(nil) + soapTail
			e.wantNothing(e.bring(body, "alice", wrongAnswer), http.StatusUnauthorized)
			e.wantRefused(e.bring(body, "alice", alicesWord), saml.StatusAuthnFailed)
			if e.mails > 0 {
				t.Error("a code was sent")
			}
		})
	}
	e := newECPRig(t, nil)
	e.change(func(u *userpool.User) { u.Enabled = false })
	e.wantNothing(e.bring(soapHead+e.asks(nil)+soapTail, "alice", alicesWord), http.StatusUnauthorized)
	e.change(func(u *userpool.User) { u.Enabled = true })
	mfa := func(q *saml.AuthnRequest) {
		q.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: "exact", AuthnContextClassRef: "https://refeds.org/profile/mfa"}
	}
	e.wantRefused(e.bring(soapHead+e.asks(mfa)+soapTail, "alice", alicesWord), saml.StatusNoAuthnContext)
}

// TestECPIsOff: a pool that was not told to take enhanced clients has no such endpoint.
func TestECPIsOff(t *testing.T) {
	e := newECPRig(t, nil)
	there := func() bool {
		res, err := http.Get(e.URL + "/" + string(poolID) + "/saml/metadata")
		e.must(err)
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		e.must(err)
		return bytes.Contains(raw, []byte(`<md:SingleSignOnService Binding="`+saml.SOAPBinding+`" Location="`+e.h.ECPURL(poolID)+`"`))
	}
	if !there() {
		t.Error("the metadata does not tell of it")
	}
	e.must(e.apps.SetPool(t.Context(), &samlidp.PoolSettings{Pool: poolID, Scopes: []string{"example.org"}}))
	if there() {
		t.Error("the metadata tells of it")
	}
	e.wantNothing(e.bring(soapHead+e.asks(nil)+soapTail, "alice", alicesWord), http.StatusNotFound)
}

// TestECPIsRecorded: the event log has who signed in, and who failed to.
func TestECPIsRecorded(t *testing.T) {
	e := newECPRig(t, nil)
	events := &ledger{}
	e.h.Events = events
	body := soapHead + e.asks(nil) + soapTail
	e.bring(body, "alice", wrongAnswer)
	e.bring(body, "alice", alicesWord)
	if len(events.events) != 2 || events.events[0].Error != "NotAuthorized" || events.events[1].Error != "" || events.events[1].Username != "alice" || events.events[1].Name != idp.EventSAML {
		t.Errorf("%+v", events.events)
	}
}
