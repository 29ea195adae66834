package oidcrp_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
)

const (
	facebookName = "graph.facebook.com"
	amazonName   = "www.amazon.com"
)

func newAccessTokens(w *world) *oidcrp.AccessTokens {
	a := oidcrp.NewAccessTokens(outbound.New(true))
	a.Graph, a.Amazon = w.URL+"/graph", w.URL
	return a
}

func TestAccessTokens(t *testing.T) {
	w := newWorld(t)
	a := newAccessTokens(w)
	w.answers["/graph/app"], w.answers["/graph/me"] = `{"id":"app1"}`, `{"id":"f1"}`
	apps, subject, err := a.Bearer(t.Context(), facebookName, "access")
	if err != nil || !slices.Equal(apps, []string{"app1"}) || subject != "f1" {
		t.Errorf("Facebook: %v, %s, %v", apps, subject, err)
	}
	for _, r := range w.requests {
		if strings.Contains(r.URL.String(), "access") {
			t.Errorf("the token is in the address %s", r.URL)
		}
	}
	w.respond["/auth/o2/tokeninfo"] = func(rw http.ResponseWriter, r *http.Request) {
		if r.Form.Get("access_token") != "Atza|a&b" {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		rw.Write([]byte(`{"iss":"https://www.amazon.com","aud":"client1","app_id":"app2","user_id":"a1"}`))
	}
	apps, subject, err = a.Bearer(t.Context(), amazonName, "Atza|a&b")
	if err != nil || !slices.Equal(apps, []string{"app2", "client1"}) || subject != "a1" {
		t.Errorf("Amazon: %v, %s, %v", apps, subject, err)
	}
}

func TestAccessTokensRefused(t *testing.T) {
	w := newWorld(t)
	a := newAccessTokens(w)
	w.answers["/graph/app"] = `{"id":"app1"}` // and /me is a 404
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
	}
	for name, tt := range map[string]struct {
		provider string
		answer   func(http.ResponseWriter, *http.Request) // of Amazon
		want     error
	}{
		"no person":           {facebookName, nil, sp.ErrInvalid},
		"another service":     {"api.twitter.com", nil, sp.ErrUnusable},
		"unknown token":       {amazonName, status(http.StatusBadRequest), sp.ErrInvalid},
		"down":                {amazonName, status(http.StatusServiceUnavailable), sp.ErrUnreachable},
		"too many":            {amazonName, status(http.StatusTooManyRequests), sp.ErrUnreachable},
		"sent elsewhere":      {amazonName, status(http.StatusFound), sp.ErrUnusable},
		"no JSON":             {amazonName, func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte("<html>")) }, sp.ErrInvalid},
		"more than is useful": {amazonName, func(rw http.ResponseWriter, _ *http.Request) { rw.Write(make([]byte, 1<<20)) }, sp.ErrInvalid},
	} {
		w.respond["/auth/o2/tokeninfo"] = tt.answer
		if _, _, err := a.Bearer(t.Context(), tt.provider, "access"); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	w.Close()
	_, _, err := a.Bearer(t.Context(), amazonName, "hidden")
	if !errors.Is(err, sp.ErrUnreachable) || strings.Contains(err.Error(), "hidden") {
		t.Errorf("nobody there: %v", err)
	}
}
