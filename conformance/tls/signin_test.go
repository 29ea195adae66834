package tls_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// signIn runs the code flow at the public URL, and checks that all it sets are
// cookies that no plain connection and no other host ever sees.
func signIn(t *testing.T, f *harness.Fixture, public string, b *harness.Browser) {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: b.Transport()})
	provider, err := oidc.NewProvider(ctx, public+"/"+f.PoolID)
	if err != nil {
		t.Fatal(err)
	}
	app := oauth2.Config{ClientID: f.ClientID, Endpoint: provider.Endpoint(), RedirectURL: harness.Callback, Scopes: []string{oidc.ScopeOpenID}}
	app.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	verifier := oauth2.GenerateVerifier()
	var set []*http.Cookie
	p := b.Walk(t, app.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), &f.Alice, func(p *harness.Page) bool {
		set = append(set, (&http.Response{Header: p.Header}).Cookies()...)
		if !harness.Leads(harness.Callback)(p) && !strings.HasPrefix(p.URL.String(), public+"/") {
			t.Errorf("the sign-in leaves %s for %s", public, p.URL)
		}
		return harness.Leads(harness.Callback)(p)
	})
	token, err := app.Exchange(ctx, p.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatalf("the sign-in ended at %s, status %d: %v", p.URL, p.Status, err)
	}
	raw, _ := token.Extra("id_token").(string)
	if _, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: f.ClientID}).Verify(ctx, raw); err != nil {
		t.Fatal(err)
	}
	wantHostCookies(t, set)
}

func wantHostCookies(t *testing.T, set []*http.Cookie) {
	t.Helper()
	sessions := 0
	for _, c := range set {
		if strings.HasPrefix(c.Name, "__Host-ph_session_") {
			sessions++
		}
		// What the frame of Session Management compares is read by a script, in pages of
		// others, and says nothing but that it changed.
		hidden := c.HttpOnly && c.SameSite == http.SameSiteLaxMode
		if state := strings.HasPrefix(c.Name, "__Host-ph_state_"); !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || hidden == state || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %v", c)
		}
	}
	if sessions != 1 {
		t.Errorf("%d session cookies: %v", sessions, set)
	}
}
