package openid_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"testing"
	"time"
)

var fapiPAR = []module{
	{"ensure-different-nonce-inside-and-outside-request-object", outsideIgnored("nonce")},
	{"ensure-different-state-inside-and-outside-request-object", outsideIgnored("state")},
	{"state-only-outside-request-object-not-used", stateOnlyOutside},
	{"ensure-request-object-without-redirect-uri-fails", withoutRedirectURI},
	{"ensure-unsigned-authorization-request-without-using-par-fails", withoutPAR},
	{"ensure-redirect-uri-in-authorization-request", withoutRedirectURI},
	{"ensure-response-type-code-idtoken-fails", responseTypeRefused("code id_token")},
	{"ensure-response-type-token-fails", responseTypeRefused("token")},
	{"par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", requestURITwice},
	{"par-attempt-reuse-request_uri", requestURIAgain},
	{"par-attempt-to-use-request_uri-for-different-client", requestURIOfAnother},
	{"par-authorization-request-containing-request_uri-form-param", requestURIPushed},
	{"par-attempt-invalid-http-method", parByGet},
}

// fapiWaiting are modules that wait for something to expire; they begin first.
var fapiWaiting = []module{
	{"par-attempt-to-use-expired-request_uri", requestURIExpired},
	{"ensure-token-endpoint-fails-with-expired-auth-code", codeExpired},
	{"refresh-token", fapiRefresh},
}

// outsideIgnored sends another value of a pushed parameter beside the request_uri.
func outsideIgnored(name string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		v, f := e.visitor(t), e.register(t).flow()
		p := v.walk(t, v.Open(t, f.start(t)+"&"+url.Values{name: {"another-" + rand.Text()}}.Encode()), f.callback)
		if !p.Redirects() || p.URL.Query().Has("error") {
			f.landsRefused(t, v, p, "invalid_request")
			return
		}
		f.ended(t, v, p).tokens(t) // both want what was pushed
	}
}

func stateOnlyOutside(t *testing.T, e *exam) {
	v, f := e.visitor(t), e.register(t).flow(drop("state"))
	p := v.walk(t, v.Open(t, f.start(t)+"&state="+rand.Text()), f.callback)
	if p.URL.Query().Has("error") {
		f.failed(t, v, p, "invalid_request", "invalid_request_object", "access_denied")
		return
	}
	a := f.ended(t, v, p)
	if k := a.tokens(t); k.ID != nil && k.ID.claims["s_hash"] != nil {
		t.Error("s_hash of a state that was not pushed")
	}
}

func withoutRedirectURI(t *testing.T, e *exam) {
	e.register(t).flow(drop("redirect_uri")).refused(t, e.visitor(t), "invalid_request")
}

func withoutPAR(t *testing.T, e *exam) {
	r := e.register(t)
	f := r.flow()
	v := e.visitor(t)
	f.landsRefused(t, v, v.walk(t, v.Open(t, e.meta.Authorization+"?"+f.params.Encode()), f.callback), "invalid_request", "invalid_request_uri", "access_denied")
}

func responseTypeRefused(kind string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		e.register(t).flow(set("response_type", kind)).refused(t, e.visitor(t), "unsupported_response_type", "unauthorized_client", "invalid_request")
	}
}

// requestURITwice reloads the page before the sign-in is over.
func requestURITwice(t *testing.T, e *exam) {
	v, f := e.visitor(t), e.register(t).flow()
	start := f.start(t)
	idle := e.visitor(t)
	idle.who = nil
	if p := idle.walk(t, idle.Open(t, start), f.callback); p.Status != http.StatusOK || p.Form("password") == nil {
		t.Fatalf("no sign-in page: %d %s", p.Status, p.Body)
	}
	f.ended(t, v, v.walk(t, v.Open(t, start), f.callback)).tokens(t)
}

// requestURIAgain uses a request_uri once more after it has led to a code.
func requestURIAgain(t *testing.T, e *exam) {
	v, f := e.visitor(t), e.register(t).flow()
	start := f.start(t)
	f.ended(t, v, v.walk(t, v.Open(t, start), f.callback)).tokens(t)
	fresh := e.visitor(t)
	f.landsRefused(t, fresh, fresh.walk(t, fresh.Open(t, start), f.callback), "invalid_request_uri", "invalid_request")
}

func requestURIExpired(t *testing.T, e *exam) {
	v, f := e.visitor(t), e.register(t).flow()
	uri, life := f.pushedFor(t, f.push(t))
	if life > 90*time.Second {
		t.Fatalf("a pushed request lives %v", life)
	}
	time.Sleep(life + time.Second)
	f.landsRefused(t, v, v.walk(t, v.Open(t, f.pushedAt(uri)), f.callback), "invalid_request_uri", "invalid_request")
}

// requestURIOfAnother shows a request_uri as another client, which is refused and
// spoils nothing for its owner.
func requestURIOfAnother(t *testing.T, e *exam) {
	f, other := e.register(t).flow(), e.register(t).flow()
	uri := f.pushed(t)
	v := e.visitor(t)
	other.landsRefused(t, v, v.walk(t, v.Open(t, other.pushedAt(uri)), other.callback), "invalid_request_uri", "invalid_request", "invalid_request_object")
	f.ended(t, v, v.walk(t, v.Open(t, f.pushedAt(uri)), f.callback)).tokens(t)
}

func requestURIPushed(t *testing.T, e *exam) {
	f := e.register(t).flow()
	f.params.Set("request_uri", f.pushed(t))
	f.push(t).refused(t, "invalid_request")
}

func parByGet(t *testing.T, e *exam) {
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		f := e.register(t).flow()
		form, header := f.authenticate(t, f.params)
		got := fetch(t, f.client, method, f.endpoint("pushed_authorization_request_endpoint")+"?"+form.Encode(), nil, header...)
		if got.status < 400 || got.status >= 500 {
			t.Errorf("%s is answered %d %s", method, got.status, got.body)
		}
	}
}
