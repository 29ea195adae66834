package openid_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"testing"
)

// crowd is how many try at once.
const crowd = 50

// races are requests that must have one winner, whoever asks at the same time. Those of
// boundRaces need clients with keys.
var races = []module{
	{"code", func(t *testing.T, e *exam) {
		a := e.register(t).flow().run(t, e.visitor(t))
		oneWins(t, "invalid_grant", func() *reply { return a.tokenRequest(t, a.redemption()) })
	}},
	{"refresh token", raceRefresh},
	{"device code", raceDevice},
}

var boundRaces = []module{
	{"pushed request", racePushed},
	{"assertion", raceAssertion},
	{"proof of possession", raceProof},
}

// oneWins sends a request from a crowd, and wants one success. All others get that
// error, and nobody a fault of the server (which send reports).
func oneWins(t *testing.T, code string, request func() *reply) {
	t.Helper()
	replies := together(request)
	won := 0
	for _, got := range replies {
		if got == nil {
			continue // the request failed, and the test with it
		}
		if got.status == http.StatusOK || got.status == http.StatusCreated {
			won++
			continue
		}
		got.refused(t, code)
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, crowd)
	}
}

// together sends a request from a crowd at once.
func together(request func() *reply) []*reply {
	replies, start := make([]*reply, crowd), make(chan struct{})
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() { <-start; replies[i] = request() })
	}
	close(start)
	wg.Wait()
	return replies
}

// raceRefresh rotates one refresh token. Without a grace period one wins, and the
// others are reuse.
func raceRefresh(t *testing.T, e *exam) {
	k := e.register(t, func(r *rp) { r.rotates = true }).signIn(t, e.visitor(t), set("scope", "openid offline_access"))
	oneWins(t, "invalid_grant", func() *reply {
		return k.tokenRequest(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {k.Refresh}})
	})
}

// raceDevice polls with one device code that its user has agreed to (RFC 8628).
func raceDevice(t *testing.T, e *exam) {
	const grant = "urn:ietf:params:oauth:grant-type:device_code"
	r := e.register(t)
	settings := must(t)(json.Marshal(map[string]any{"grant_types": []string{grant}, "token_endpoint_auth_method": r.auth}))
	e.Poolhouse(t, "PutOpenIDClient", map[string]any{"UserPoolId": e.pool, "ClientId": r.id, "Metadata": string(settings)}, new(any))
	var asked struct {
		Code string `json:"device_code"`
		Page string `json:"verification_uri_complete"`
	}
	r.call(t, r.endpoint("device_authorization_endpoint"), url.Values{"scope": {"openid"}}).decode(t, &asked)
	v := e.visitor(t)
	p := v.walk(t, v.Open(t, asked.Page), r.home)
	code := p.Form("user_code")
	if code == nil {
		t.Fatalf("no form for the code at %s:\n%s", p.URL, p.Body)
	}
	if p = v.walk(t, v.submit(t, p, *code), r.home); v.asked != 1 || p.Status != http.StatusOK {
		t.Fatalf("the device was not allowed: %d at %s\n%s", p.Status, p.URL, p.Body)
	}
	oneWins(t, "invalid_grant", func() *reply {
		return r.tokenRequest(t, url.Values{"grant_type": {grant}, "device_code": {asked.Code}})
	})
}

// racePushed completes one pushed request from a crowd of tabs of a browser that is
// signed in: one code comes of it.
func racePushed(t *testing.T, e *exam) {
	v, r := e.visitor(t), e.register(t)
	r.signIn(t, v)
	f := r.flow()
	uri := f.pushed(t)
	var mu sync.Mutex
	codes := map[string]bool{}
	together(func() *reply {
		p := v.Open(t, f.pushedAt(uri))
		mu.Lock()
		defer mu.Unlock()
		if code := p.URL.Query().Get("code"); code != "" {
			codes[code] = true
		}
		if p.Status >= http.StatusInternalServerError {
			t.Errorf("%d %s", p.Status, p.Body)
		}
		return nil
	})
	if len(codes) != 1 {
		t.Errorf("%d codes of one pushed request", len(codes))
	}
}

// raceAssertion authenticates with one assertion.
func raceAssertion(t *testing.T, e *exam) {
	f := e.register(t).flow()
	f.params.Set("client_assertion", f.assertion(t, nil))
	oneWins(t, "invalid_client", func() *reply { return f.push(t) })
}

// raceProof shows one proof of possession.
func raceProof(t *testing.T, e *exam) {
	k := e.register(t).signIn(t, e.visitor(t))
	k.userInfo(t)
	address := k.endpoint("userinfo_endpoint")
	proof := k.holder.proof(t, http.MethodGet, address, k.Access)
	won := 0
	for _, got := range together(func() *reply {
		return fetch(t, k.client, http.MethodGet, address, nil, "DPoP", proof, "Authorization", "DPoP "+k.Access)
	}) {
		if got.status == http.StatusOK {
			won++
		} else if got.status != http.StatusUnauthorized && got.status != http.StatusBadRequest {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, crowd)
	}
}
