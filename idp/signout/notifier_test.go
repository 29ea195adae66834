package signout_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// signer writes down what it is asked to sign.
type signer struct{ asked []userpool.Logout }

func (s *signer) LogoutToken(_ context.Context, c *userpool.Client, l userpool.Logout) (string, error) {
	s.asked = append(s.asked, l)
	return "token+for/" + string(c.ID), nil
}

var bye = userpool.Mail{Pool: pool, To: "back", Medium: signout.Medium, Body: `{"sub":"alice","sid":"sid-1"}`}

func TestDeliver(t *testing.T) {
	var form url.Values
	status := 200
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(body))
		if r.Method != "POST" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s %s", r.Method, r.Header)
		}
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(status)
	}))
	defer srv.Close()
	tokens := &signer{}
	n := &signout.Notifier{Clients: clients{"back": app("back", srv.URL+"/bye", "")}, Tokens: tokens, Caller: outbound.New(true)}
	if err := n.Deliver(t.Context(), "id-1", bye); err != nil || form.Get("logout_token") != "token+for/back" || len(form) != 1 {
		t.Fatalf("%v, %v", err, form)
	}
	if want := (userpool.Logout{ID: "id-1", Sub: "alice", SessionID: "sid-1"}); tokens.asked[0] != want {
		t.Errorf("signed %+v", tokens.asked[0])
	}
	for code, want := range map[int]struct{ fails, forGood bool }{204: {}, 400: {true, true}, 404: {true, true}, 307: {true, true},
		408: {fails: true}, 429: {fails: true}, 500: {fails: true}, 503: {fails: true}} {
		status = code
		err := n.Deliver(t.Context(), "id-1", bye)
		if (err != nil) != want.fails || errors.Is(err, message.ErrPermanent) != want.forGood {
			t.Errorf("%d: %v", code, err)
		}
		if err != nil && strings.Contains(err.Error(), "token") {
			t.Errorf("the log is told the token: %v", err)
		}
	}
}

// TestDeliverStaysOutside: what an app names as its address is no way into our network.
func TestDeliverStaysOutside(t *testing.T) {
	reached := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer srv.Close()
	for _, address := range []string{srv.URL, strings.Replace(srv.URL, "http:", "https:", 1), "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "file:///etc/passwd", "https://user:pass@example.com/"} {
		n := &signout.Notifier{Clients: clients{"back": app("back", address, "")}, Tokens: &signer{}, Caller: outbound.New(false)}
		if err := n.Deliver(t.Context(), "id-1", bye); !errors.Is(err, message.ErrPermanent) || !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if reached {
		t.Error("the call went through")
	}
}

func TestDeliverToNobody(t *testing.T) {
	tokens := &signer{}
	stranger := app("back", "https://back.example/bye", "")
	stranger.Pool = "us-east-1_Other0001"
	for name, list := range map[string]clients{"gone": {}, "silent": {"back": app("back", "", "")}, "another pool's": {"back": stranger}} {
		n := &signout.Notifier{Clients: list, Tokens: tokens, Caller: outbound.New(true)}
		if err := n.Deliver(t.Context(), "id-1", bye); err != nil || len(tokens.asked) > 0 {
			t.Errorf("%s: %v, signed %v", name, err, tokens.asked)
		}
	}
	n := &signout.Notifier{Clients: clients{}, Tokens: tokens, Caller: outbound.New(true)}
	if err := n.Deliver(t.Context(), "id-1", userpool.Mail{Pool: pool, To: "back", Body: "{"}); !errors.Is(err, message.ErrPermanent) {
		t.Error(err)
	}
}
