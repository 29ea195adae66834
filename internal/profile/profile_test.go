package profile_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/profile"
)

// signIn has a browser follow the provider.
func (f *fake) signIn() (profile.Tokens, error) {
	at := profile.SignIn{HTTP: f.Client(), Now: time.Now, Out: io.Discard, Open: func(address string) error {
		go func() {
			if resp, err := http.Get(address); err == nil {
				resp.Body.Close()
			}
		}()
		return nil
	}}
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	return at.Browser(ctx, f.config())
}

func TestBrowser(t *testing.T) {
	f := newFake(t)
	got, err := f.signIn()
	if err != nil || got.Subject != "alice" || got.Refresh != "refresh-2" || !got.Expires.After(time.Now()) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, tt := range map[string]struct {
		claims map[string]any
		answer url.Values
		want   string
	}{
		"another nonce":      {claims: map[string]any{"nonce": "x"}, want: "another request"},
		"another client":     {claims: map[string]any{"aud": "other"}, want: "not to be trusted"},
		"over":               {claims: map[string]any{"exp": 1}, want: "not to be trusted"},
		"another issuer":     {answer: url.Values{"iss": {"https://evil.example"}}, want: "another issuer"},
		"a nameless issuer":  {answer: url.Values{"iss": nil}, want: "another issuer"},
		"refused":            {answer: url.Values{"error": {"access_denied"}, "error_description": {"no\x1b[2J"}}, want: "access_denied no[2J"},
		"another hash":       {claims: map[string]any{"at_hash": "x"}, want: "hash"},
		"a token of nothing": {claims: map[string]any{"iss": "https://evil.example"}, want: "not to be trusted"},
	} {
		f := newFake(t)
		f.claims, f.answer = tt.claims, tt.answer
		if _, err := f.signIn(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// session makes a profile whose tokens ended an hour ago.
func (f *fake) session() *profile.Session {
	s := &profile.Session{Dir: profile.Dir(f.t.TempDir()), Name: "default", HTTP: f.Client(), Now: time.Now, Warn: func(error) {}}
	ago := time.Now().Add(-2 * time.Hour)
	err := s.Dir.Update(f.t.Context(), s.Name, true, func(p *profile.Profile) error {
		p.Config = f.config()
		p.Tokens = profile.Tokens{Subject: "alice", Refresh: "refresh-1", Issued: ago, Expires: ago.Add(time.Hour)}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// TestRefresh: many at once use a refresh token once.
func TestRefresh(t *testing.T) {
	f := newFake(t)
	s := f.session()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got, err := s.Tokens(t.Context()); err != nil || got.ID == "" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(f.used) != 1 || f.used[0] != "refresh-1" {
		t.Errorf("used %v", f.used)
	}
}

// TestRefreshOfAnother: an answer about somebody else is refused. The new refresh token
// is kept all the same, as the old one is spent.
func TestRefreshOfAnother(t *testing.T) {
	f := newFake(t)
	s := f.session()
	f.claims = map[string]any{"sub": "mallory"}
	if _, err := s.Tokens(t.Context()); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Error(err)
	}
	if p, err := s.Dir.Load("default"); err != nil || p.Tokens.Subject != "alice" || p.Tokens.ID != "" || p.Tokens.Refresh != "refresh-2" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestKept: kept credentials do while the provider is out of reach, and no longer than
// they live, and not once the sign-in was ended.
func TestKept(t *testing.T) {
	f := newFake(t)
	s := f.session()
	keep := func(left time.Duration) {
		err := s.Dir.Update(t.Context(), s.Name, false, func(p *profile.Profile) error {
			p.Credentials = &profile.Credentials{AccessKeyID: "ASIA", Issued: time.Now().Add(left - time.Hour), Expires: time.Now().Add(left)}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	f.status = http.StatusServiceUnavailable
	f.Config.Handler = http.NotFoundHandler()
	keep(5 * time.Minute)
	warned := 0
	s.Warn = func(error) { warned++ }
	if c, err := s.Credentials(t.Context()); err != nil || c.AccessKeyID != "ASIA" || warned != 1 {
		t.Errorf("%+v, %v, warned %d times", c, err, warned)
	}
	keep(-time.Second)
	if c, err := s.Credentials(t.Context()); err == nil {
		t.Errorf("credentials that are over: %+v", c)
	}
	f = newFake(t)
	f.status = http.StatusBadRequest
	s = f.session()
	keep(5 * time.Minute)
	if c, err := s.Credentials(t.Context()); !errors.Is(err, profile.ErrSignedOut) {
		t.Errorf("after the sign-in was ended: %+v, %v", c, err)
	}
}

func TestFiles(t *testing.T) {
	d := profile.Dir(t.TempDir())
	for _, name := range []string{"", "../up", "a/b", ".hidden", strings.Repeat("x", 65), "a\x00b"} {
		if err := d.Update(t.Context(), name, true, func(*profile.Profile) error { return nil }); !errors.Is(err, profile.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := d.Load("none"); !errors.Is(err, profile.ErrNoProfile) {
		t.Error(err)
	}
	f := newFake(t)
	s := f.session()
	file := filepath.Join(string(s.Dir), "profiles", "default.json")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	for _, text := range []string{"{", `{"issuer":"http://id.example/pool","client_id":"a"}`, strings.Repeat(" ", 2<<20)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Dir.Load("default"); !errors.Is(err, profile.ErrInvalid) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestCheck(t *testing.T) {
	c := profile.Config{Issuer: "https://id.example.com/eu-west-1_AbCdEf123", ClientID: "app"}
	if err := c.Check(); err != nil || c.Endpoint != "https://id.example.com" || c.Region != "eu-west-1" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, c := range []profile.Config{
		{}, {Issuer: "https://id.example.com"}, {Issuer: "http://id.example.com", ClientID: "a"}, {Issuer: "https://u:p@id.example.com", ClientID: "a"},
		{Issuer: "https://id.example.com", ClientID: "a", Endpoint: "http://10.0.0.1"},
		{Issuer: "https://id.example.com", ClientID: "a", RoleARN: "r", IdentityPool: "p"},
	} {
		if err := c.Check(); !errors.Is(err, profile.ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestAgent(t *testing.T) {
	a := &profile.Agent{Token: "secret", Log: slog.New(slog.DiscardHandler), Source: func(context.Context) (*profile.Credentials, error) {
		return &profile.Credentials{AccessKeyID: "ASIA", Expires: time.Unix(0, 0)}, nil
	}}
	for _, tt := range []struct {
		method, host, path, token string
		want                      int
	}{
		{"GET", "127.0.0.1:9911", profile.AgentPath, "secret", 200},
		{"GET", "[::1]:9911", profile.AgentPath, "secret", 200},
		{"GET", "169.254.170.2", profile.AgentPath, "secret", 200},
		{"GET", "[fd00:ec2::23]", profile.AgentPath, "secret", 200},
		{"GET", "rebound.example", profile.AgentPath, "secret", 403},
		{"GET", "127.0.0.1:9911", profile.AgentPath, "", 401},
		{"GET", "127.0.0.1:9911", profile.AgentPath, "Secret", 401},
		{"GET", "rebound.example:9911", profile.AgentPath, "secret", 403},
		{"GET", "127.0.0.1:9911", "/", "secret", 404},
		{"POST", "127.0.0.1:9911", profile.AgentPath, "secret", 404},
	} {
		r := httptest.NewRequest(tt.method, "http://"+tt.host+tt.path, nil)
		r.Header.Set("Authorization", tt.token)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != tt.want || strings.Contains(w.Body.String(), "ASIA") != (tt.want == 200) {
			t.Errorf("%+v: %d %s", tt, w.Code, w.Body)
		}
	}
	for addr, good := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "169.254.170.2:80": true, "0.0.0.0:1": false, "10.0.0.1:1": false, "localhost:1": false, "127.0.0.1": false} {
		if err := profile.CheckAgentAddress(addr); (err == nil) != good {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
