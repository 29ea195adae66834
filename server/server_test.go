package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

var root = &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}

// get asks the handler, as a client with that address.
func get(s *server.Server, from, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

const here, there = "127.0.0.1:4711", "192.0.2.7:4711"

func TestHealth(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s, stop := servertest.Open(t, servertest.Config(t, p), servertest.Options{})
		for _, path := range []string{"/livez", "/readyz"} {
			if w := get(s, there, path); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
			}
		}
		stop()
		if w := get(s, there, "/livez"); w.Code != http.StatusOK {
			t.Errorf("/livez of a process that runs: %d", w.Code)
		}
		if w := get(s, there, "/readyz"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("/readyz after the stop: %d", w.Code)
		}
	})
}

// A store that is gone is named, with no text of the driver.
func TestNotReadyWithoutStore(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		cfg := servertest.Config(t, p)
		s, err := server.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil { // Close without Serve leaves it ready, but for the stores
			t.Fatal(err)
		}
		w := get(s, there, "/readyz")
		if body := w.Body.String(); w.Code != http.StatusServiceUnavailable || !strings.HasSuffix(body, " does not answer\n") || strings.Contains(body, "sql") {
			t.Errorf("%d %q", w.Code, body)
		}
	})
}

func TestMetricsAreForThisMachine(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{})
	get(s, here, "/livez")
	w := get(s, here, "/metrics")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `poolhouse_request_duration_seconds_count{kind="other",status="2xx"}`) {
		t.Errorf("%d without the count of a request:\n%.400s", w.Code, w.Body)
	}
	if w := get(s, there, "/metrics"); w.Code != http.StatusNotFound {
		t.Errorf("another machine got %d", w.Code)
	}
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.RemoteAddr = there
	r.Header.Set("X-Forwarded-For", "127.0.0.1")
	w = httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusNotFound {
		t.Errorf("another machine that claims to be a proxy got %d", w.Code)
	}
}

func TestIdentityDocuments(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := servertest.Start(t, p, servertest.Options{})
		var doc struct {
			Issuer string
			JWKS   string `json:"jwks_uri"`
		}
		document(t, s.URL()+"/identity/.well-known/openid-configuration", &doc)
		if doc.Issuer != s.URL()+"/identity" {
			t.Errorf("issuer %q", doc.Issuer)
		}
		var set struct{ Keys []map[string]any }
		document(t, doc.JWKS, &set)
		if len(set.Keys) == 0 {
			t.Fatal("no keys")
		}
		for _, key := range set.Keys {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi"} {
				if key[private] != nil {
					t.Errorf("key %v shows its private member %s", key["kid"], private)
				}
			}
		}
	})
}

// document fetches JSON that any site may read.
func document(t *testing.T, url string, out any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%s: %d, %v", url, resp.StatusCode, resp.Header)
	}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatal(err)
	}
}

// freeAddress is one that a server can have twice in a row.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// tokens is what a sign-in leaves with a client.
type tokens struct{ AccessToken, IdToken, RefreshToken string }

func signIn(t *testing.T, s *server.Server, flow string, params map[string]string) tokens {
	t.Helper()
	var out struct{ AuthenticationResult tokens }
	err := awsclient.New(s.URL(), demodata.Region).JSON(t.Context(), "AWSCognitoIdentityProviderService.InitiateAuth",
		map[string]any{"AuthFlow": flow, "ClientId": demodata.ClientID, "AuthParameters": params}, &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.AuthenticationResult
}

// What clients were given before a restart stays good, and users stay.
func TestRestartKeepsEverything(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		cfg := servertest.Config(t, p)
		cfg.Addr = freeAddress(t) // part of every token
		s, stop := servertest.Open(t, cfg, servertest.Options{Demo: true})
		password := map[string]string{"USERNAME": demodata.Alice.Username, "PASSWORD": demodata.Alice.Password}
		before := signIn(t, s, "USER_PASSWORD_AUTH", password)
		keys, err := s.Tokens.JWKS(t.Context(), demodata.PoolID)
		if err != nil {
			t.Fatal(err)
		}
		stop()

		s, stop = servertest.Open(t, cfg, servertest.Options{Demo: true})
		defer stop()
		claims, err := s.Tokens.VerifyAccess(t.Context(), before.AccessToken)
		if err != nil {
			t.Fatalf("an access token from before the restart: %v", err)
		}
		if claims.Username != demodata.Alice.Username {
			t.Errorf("token of %q", claims.Username)
		}
		after, err := s.Tokens.JWKS(t.Context(), demodata.PoolID)
		if err != nil || string(after) != string(keys) {
			t.Errorf("keys changed with the restart (%v):\n%s\n%s", err, keys, after)
		}
		signIn(t, s, "REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": before.RefreshToken})
		signIn(t, s, "USER_PASSWORD_AUTH", password)
	})
}

func TestRootKeyComesFromTheStoreAndStays(t *testing.T) {
	cfg := servertest.Config(t, servertest.Embedded)
	cfg.RootAccessKeyID, cfg.RootSecretAccessKey = "", ""
	s, stop := servertest.Open(t, cfg, servertest.Options{})
	first, made := s.NewRootKey()
	if !made || first.AccessKeyID == "" || len(first.SecretAccessKey) != 40 {
		t.Fatalf("first start: %v, key %q", made, first.AccessKeyID)
	}
	caller(t, s, awsclient.Key{AccessKeyID: first.AccessKeyID, SecretAccessKey: first.SecretAccessKey})
	stop()
	s, stop = servertest.Open(t, cfg, servertest.Options{})
	defer stop()
	if _, made := s.NewRootKey(); made {
		t.Error("the second start shows a root key again")
	}
	caller(t, s, awsclient.Key{AccessKeyID: first.AccessKeyID, SecretAccessKey: first.SecretAccessKey})
}

// caller asks who a key belongs to.
func caller(t *testing.T, s *server.Server, key awsclient.Key) string {
	t.Helper()
	var out struct {
		Arn string `xml:"GetCallerIdentityResult>Arn"`
	}
	if err := awsclient.New(s.URL(), "us-east-1").Query(t.Context(), "sts", "GetCallerIdentity", nil, &out, &key); err != nil {
		t.Fatal(err)
	}
	return out.Arn
}

// What calls reach when they carry no signature is refused in AWS's terms.
func TestUnsignedAdministrationIsRefused(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{})
	c := awsclient.New(s.URL(), "us-east-1")
	var api *awsclient.APIError
	err := c.JSON(t.Context(), "AWSCognitoIdentityProviderService.ListUserPools", map[string]any{"MaxResults": 1}, new(any), nil)
	if !errors.As(err, &api) || api.Code != "MissingAuthenticationTokenException" && api.Code != "MissingAuthenticationToken" {
		t.Errorf("unsigned ListUserPools: %v", err)
	}
	if err := c.JSON(t.Context(), "AWSCognitoIdentityProviderService.ListUserPools", map[string]any{"MaxResults": 1}, new(any), root); err != nil {
		t.Errorf("signed ListUserPools: %v", err)
	}
}
