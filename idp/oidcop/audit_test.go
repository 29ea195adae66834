package oidcop_test

import (
	"context"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/idp"
)

// A ledger keeps events.
type ledger struct {
	mu     sync.Mutex
	events []idp.Event
}

func (l *ledger) Record(_ context.Context, e idp.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// taken returns what was recorded, without what is the same everywhere.
func (l *ledger) taken(t *testing.T) (list []idp.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e.Pool != poolID || e.Address != "127.0.0.1" || !strings.HasPrefix(e.UserAgent, "Go-http-client") {
			t.Errorf("event %+v", e)
		}
		e.Pool, e.Address, e.UserAgent = "", "", ""
		list = append(list, e)
	}
	l.events = nil
	return list
}

// TestAudit: sign-ins, sign-outs, answers to apps and token requests are recorded once each,
// with who and how, and without what would let a reader of the log in.
func TestAudit(t *testing.T) {
	h := open(t)
	l := &ledger{}
	h.handler.Browser.Sessions.Audit = l
	v := h.visitor()
	code := v.signIn(authorizeURL(poolID, public, nil), "alice").Query().Get("code")
	alice := idp.Event{Client: public, Sub: h.alice.Sub, Username: "alice", Methods: []string{"pwd"}}
	in, answered, out := alice, alice, alice
	in.Name, answered.Name, out.Name = idp.EventSignIn, idp.EventAuthorize, idp.EventSignOut
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{in, answered}) {
		t.Errorf("sign-in: %+v", got)
	}
	h.token(poolID, redemption(public, code))
	given := idp.Event{Name: idp.EventToken, Client: public, Sub: h.alice.Sub, Grant: "authorization_code"}
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{given}) {
		t.Errorf("a token that was given: %+v", got)
	}
	h.token(poolID, redemption(public, code))
	refused := idp.Event{Name: idp.EventToken, Client: public, Grant: "authorization_code", Error: "invalid_grant"}
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{refused}) {
		t.Errorf("a code used twice: %+v", got)
	}
	h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, basic(m2mID, "wrong"))
	refused = idp.Event{Name: idp.EventToken, Client: m2mID, Grant: "client_credentials", Error: "invalid_client"}
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{refused}) {
		t.Errorf("a wrong secret: %+v", got)
	}
	h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {secret}, "client_secret": {m2mID}}, nil)
	refused.Client = ""
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{refused}) {
		t.Errorf("a secret in place of the ID: %+v", got)
	}
	h.visitor().get(authorizeURL(poolID, public, map[string]any{"prompt": "none"}))
	refused = idp.Event{Name: idp.EventAuthorize, Client: public, Error: "login_required"}
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{refused}) {
		t.Errorf("an app that is refused: %+v", got)
	}
	v.get(logoutURL(poolID, url.Values{"client_id": {public}, "logout_uri": {bye}}))
	if got := l.taken(t); !reflect.DeepEqual(got, []idp.Event{out}) {
		t.Errorf("sign-out: %+v", got)
	}
	v.get(logoutURL(poolID, url.Values{"client_id": {public}, "logout_uri": {bye}}))
	if got := l.taken(t); got != nil {
		t.Errorf("nobody signs out: %+v", got)
	}
}
