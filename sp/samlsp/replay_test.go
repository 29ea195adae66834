package samlsp_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestReplay: an assertion lets somebody in once, whatever Response is around it and
// whichever provider of the pool it comes by.
func TestReplay(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	twin := r.provider("Twin", func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	o := r.response("")
	if _, err := r.arrive(r.p, nil, r.write(trusted(), o)); err != nil {
		t.Fatal(err)
	}
	o.ID = samlxml.NewID()
	for _, p := range []*userpool.Provider{r.p, twin} {
		if a, err := r.arrive(p, nil, r.write(trusted(), o)); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %+v, %v", p.Name, a, err)
		}
	}
}

// TestReplayIsRememberedLongEnough: as long as the rules would take the assertion.
func TestReplayIsRememberedLongEnough(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["IDPInit"] = "true"; p.Settings.SAML.Skew = 10 * time.Minute })
	o := r.response("")
	day := r.clock.Now().Add(24 * time.Hour) // a careless provider's
	o.Assertion.Conditions.NotOnOrAfter, o.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = day, day
	o.Assertion.IssueInstant = r.clock.Now().Add(9 * time.Minute) // its clock is ahead
	raw := r.write(trusted(), o)
	if _, err := r.arrive(r.p, nil, raw); err != nil {
		t.Fatal(err)
	}
	for range 24 * 12 {
		r.clock.Advance(5 * time.Minute)
		if a, err := r.arrive(r.p, nil, raw); !errors.Is(err, sp.ErrInvalid) {
			t.Fatalf("%+v, %v", a, err)
		}
	}
}

func TestParallelReplay(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	raw := r.write(trusted(), r.response(""))
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 20 {
		wg.Go(func() {
			if _, err := r.arrive(r.p, nil, raw); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d times", won)
	}
}

// TestStolenAnswer: the answer to another browser's request signs nobody in here.
func TestStolenAnswer(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	victim, _ := r.depart(r.p)
	_, mine := r.depart(r.p)
	for _, memo := range [][]byte{mine, nil} {
		if a, err := r.arrive(r.p, memo, r.write(trusted(), r.response(victim.ID))); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%+v, %v", a, err)
		}
	}
	// Login CSRF: an unasked answer of the attacker's does for no question.
	if a, err := r.arrive(r.p, mine, r.write(trusted(), r.response(""))); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := r.arrive(r.p, []byte(`{}`), r.write(trusted(), r.response(""))); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("an empty memo is no missing one: %+v, %v", a, err)
	}
}

func TestEncryptedAnswers(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["EncryptedResponses"] = "true" })
	encrypt := func(o *samlxml.Outgoing) {
		cert, err := r.EncryptionCertificate(t.Context(), poolID)
		if err != nil {
			t.Fatal(err)
		}
		o.Encrypt = &samlxml.Encryption{Certificate: cert, Method: samlxml.AES256GCM}
	}
	if _, err := r.signIn(r.p, nil); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("in clear: %v", err)
	}
	for _, signed := range []bool{false, true} {
		if a, err := r.signIn(r.p, func(o *samlxml.Outgoing) { encrypt(o); o.SignResponse = signed }); err != nil || a.Subject != subject {
			t.Errorf("response signed %v: %+v, %v", signed, a, err)
		}
	}
	req, memo := r.depart(r.p)
	forged := r.response(req.ID)
	encrypt(forged)
	if a, err := r.arrive(r.p, memo, r.write(signers()[2], forged)); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("encryption as integrity: %+v, %v", a, err)
	}
	// What was encrypted to the old key is still read after a rotation.
	old := r.response(req.ID)
	encrypt(old)
	if _, err := r.keys.Rotate(t.Context(), "pool/"+string(poolID)+"/saml-sp-encryption", time.Hour); err != nil {
		t.Fatal(err)
	}
	if a, err := r.arrive(r.p, memo, r.write(trusted(), old)); err != nil || a.Subject != subject {
		t.Errorf("old key: %+v, %v", a, err)
	}
	if _, err := r.signIn(r.p, encrypt); err != nil {
		t.Errorf("new key: %v", err)
	}
}

// TestDecryptionOracle: what fails inside an encrypted assertion fails alike.
func TestDecryptionOracle(t *testing.T) {
	r := newRig(t, nil)
	cert, err := r.EncryptionCertificate(t.Context(), poolID)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, method := range []string{samlxml.AES256CBC, samlxml.AES128CBC} { // by setting only
		req, memo := r.depart(r.p)
		o := r.response(req.ID)
		o.SignResponse, o.Encrypt = true, &samlxml.Encryption{Certificate: cert, Method: method}
		if _, err := r.arrive(r.p, memo, r.write(trusted(), o)); !errors.Is(err, sp.ErrInvalid) || !errors.Is(err, samlxml.ErrDecrypt) {
			t.Errorf("%s: %v", method, err)
		}
	}
	req, memo := r.depart(r.p)
	o := r.response(req.ID)
	o.Encrypt = &samlxml.Encryption{Certificate: cert, Method: samlxml.AES256GCM}
	raw := string(r.write(trusted(), o))
	at := strings.LastIndex(raw, "</xenc:CipherValue>") - 10
	for i := range 8 {
		other := "A" // of the base64 alphabet too
		if raw[at-i] == 'A' {
			other = "B"
		}
		bad := raw[:at-i] + other + raw[at-i+1:]
		_, err := r.arrive(r.p, memo, []byte(bad))
		if !errors.Is(err, sp.ErrInvalid) || !errors.Is(err, samlxml.ErrDecrypt) {
			t.Errorf("%v", err)
			continue
		}
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("%d different failures: %v", len(texts), texts)
	}
}

func TestLaxSettings(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.CBC = true })
	cert, err := r.EncryptionCertificate(t.Context(), poolID)
	if err != nil {
		t.Fatal(err)
	}
	cbc := func(o *samlxml.Outgoing) {
		o.Encrypt = &samlxml.Encryption{Certificate: cert, Method: samlxml.AES256CBC}
	}
	if _, err := r.signIn(r.p, func(o *samlxml.Outgoing) { cbc(o); o.SignResponse = true }); err != nil {
		t.Error(err)
	}
	if _, err := r.signIn(r.p, cbc); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("CBC in a Response that nobody signed: %v", err)
	}
}

// FuzzArrive: whatever arrives is who the provider signed.
func FuzzArrive(f *testing.F) {
	r := newRig(f, func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	both := r.response("")
	both.SignResponse = true
	f.Add(r.write(trusted(), r.response("")))
	f.Add(r.write(trusted(), both))
	f.Add([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		here := &rig{Service: r.Service, t: t}
		a, err := here.arrive(r.p, nil, raw)
		if err == nil && a.Subject != subject || err != nil && !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%+v, %v: %q", a, err, raw)
		}
	})
}
