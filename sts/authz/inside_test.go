package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// Whoever presents a token that is bound to a key has to show the key, for this
// very request.
func TestBoundTokens(t *testing.T) {
	o := &original{Request: &http.Request{Method: "GET", Host: "a.example.com:8443", Header: http.Header{"Dpop": {"proof"}}}, scheme: "https"}
	o.URL = &url.URL{Path: "/x", RawQuery: "y=z"}
	broken := errors.New("no store")
	for _, tt := range []struct {
		name   string
		bound  *userpool.Confirmation
		proved bool
		shown  string
		fault  error
		ok     bool
	}{
		{"bound to nothing", nil, false, "", nil, true},
		{"a proof for nothing", nil, true, "key", nil, false},
		{"its key", &userpool.Confirmation{Thumbprint: "key"}, true, "key", nil, true},
		{"as a bearer", &userpool.Confirmation{Thumbprint: "key"}, false, "key", nil, false},
		{"another key", &userpool.Confirmation{Thumbprint: "key"}, true, "other", nil, false},
		{"no key", &userpool.Confirmation{Thumbprint: "key"}, true, "", nil, false},
		{"a proof that is not good", &userpool.Confirmation{Thumbprint: "key"}, true, "", ErrProof, false},
		{"a fault", &userpool.Confirmation{Thumbprint: "key"}, true, "key", broken, false},
		{"bound to a certificate", &userpool.Confirmation{Certificate: "cert"}, true, "", nil, false},
		{"bound to both", &userpool.Confirmation{Thumbprint: "key", Certificate: "cert"}, true, "key", nil, false},
		{"bound to what we do not know", &userpool.Confirmation{}, true, "", nil, false},
	} {
		h := &Handler{Prove: func(_ context.Context, proofs []string, pool userpool.PoolID, method, url, token string) (string, error) {
			if len(proofs) != 1 || proofs[0] != "proof" || pool != "p_1" || method != "GET" || url != "https://a.example.com:8443/x" || token != "token" {
				t.Errorf("asked about %v %s %s %s %s", proofs, pool, method, url, token)
			}
			return tt.shown, tt.fault
		}}
		err := h.bound(t.Context(), o, &userpool.AccessClaims{Pool: "p_1", Confirmation: tt.bound}, "token", tt.proved)
		var no *refusal
		if (err == nil) != tt.ok || err != nil && errors.Is(err, broken) == errors.As(err, &no) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, tt := range []struct{ pattern, path, want string }{
		{"/", "/", "ok"}, {"/", "/a", ""}, {"/a", "/a", "ok"}, {"/a", "/a/", ""}, {"/a/", "/a/", "ok"}, {"/a/", "/a", ""}, {"/a/", "/a/b", ""},
		{"/{x}", "/b", "ok x=b"}, {"/{x}", "/", ""}, {"/{x}", "/b/c", ""}, {"/{x}/", "/b/", "ok x=b"}, {"/a/{x}/c", "/a/b/c", "ok x=b"},
		{"/a/{x}/c", "/a//c", ""}, {"/{x...}", "/a/b/", "ok x=a/b/"}, {"/{x...}", "/", ""}, {"/a/{x...}", "/a/b", "ok x=b"}, {"/a/{x...}", "/a", ""},
		{"/a/{x...}", "/a/", ""}, {"/{y}/{x...}", "/a/b/c", "ok x=b/c y=a"},
	} {
		p, problem := parsePattern(tt.pattern)
		if problem != "" {
			t.Fatal(problem)
		}
		got := ""
		if values, ok := p.match(tt.path); ok {
			got = "ok"
			for _, name := range []string{"x", "y"} {
				if v, ok := values[name]; ok {
					got += " " + name + "=" + v
				}
			}
		}
		if got != tt.want {
			t.Errorf("%s on %s: %q, want %q", tt.pattern, tt.path, got, tt.want)
		}
	}
}

// A value that looks like a variable stays what it is.
func TestFill(t *testing.T) {
	got := fill("arn:aws:a:::{x}/{y}", map[string]string{"x": "{y}", "y": "{x}*"})
	if got != "arn:aws:a:::{y}/{x}*" {
		t.Error(got)
	}
}

func TestEncode(t *testing.T) {
	if got := list([]string{"a,b", "ä\r\nX: y", "100%"}); got != "a%2Cb,%C3%A4%0D%0AX:%20y,100%25" {
		t.Error(got)
	}
}

// FuzzPath: what is taken has one reading, whatever a server does with it next.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/a//b", "/a/../b", "/%2e%2e/b", "/a%2fb", "/a%252fb", "/ä", "/a;b", "/a\\b", "/%c3%a4/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		p, ok := plainPath(escaped)
		if !ok {
			return
		}
		if clean := path.Clean(p); clean != p && clean+"/" != p {
			t.Errorf("%q is %q, and cleaned %q", escaped, p, clean)
		}
		if strings.ContainsAny(p, "\\%;?#\x00") || !strings.HasPrefix(p, "/") {
			t.Errorf("%q is %q", escaped, p)
		}
	})
}
