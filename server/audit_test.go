package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

// TestAuditor: what happens to sign-ins is found in the event log, by the user too.
func TestAuditor(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	log := audit.Open(audit.Config{Store: store, Key: []byte("key"), Account: "000000000000", Region: "us-east-1", Now: time.Now, Errors: slog.New(slog.DiscardHandler)})
	a := auditor{log, "us-east-1", "000000000000"}
	a.Record(t.Context(), idp.Event{Name: idp.EventSignIn, Pool: "us-east-1_Test00001", Client: "app", Sub: "sub-1", Username: "alice", Methods: []string{"pwd", "mfa"}, Address: "192.0.2.1", UserAgent: "Mozilla"})
	a.Record(t.Context(), idp.Event{Name: idp.EventToken, Pool: "us-east-1_Test00001", Client: "app", Grant: "refresh_token", Error: "invalid_grant"})
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, _, err := store.Find(t.Context(), audit.Query{User: "alice", Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	var record struct {
		EventSource, EventName, EventType, SourceIPAddress string
		AdditionalEventData                                map[string]any
		Resources                                          []struct{ ARN string }
	}
	if err := json.Unmarshal(entries[0].Record, &record); err != nil {
		t.Fatal(err)
	}
	if record.EventSource != "cognito-idp.amazonaws.com" || record.EventName != "Login_POST" || record.EventType != audit.SignIn || record.SourceIPAddress != "192.0.2.1" ||
		record.AdditionalEventData["userPoolId"] != "us-east-1_Test00001" || record.AdditionalEventData["clientId"] != "app" || record.AdditionalEventData["sub"] != "sub-1" ||
		len(record.Resources) != 1 || record.Resources[0].ARN != "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Test00001" {
		t.Errorf("record %s", entries[0].Record)
	}
	if entries, _, err := store.Find(t.Context(), audit.Query{Name: "Token_POST", Limit: 10}); err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestPageEvents(t *testing.T) {
	for request, want := range map[string]string{
		"POST /us-east-1_A/login": "Login_POST", "GET /us-east-1_A/login": "", "POST /us-east-1_A/oauth2/bc-authorize": "OAuth2_Bc-authorize_POST",
		"POST /us-east-1_A/saml/sso": "SAML_Sso_POST", "GET /us-east-1_A/saml/sso?SAMLRequest=x": "SAML_Sso_GET",
		"GET /us-east-1_A/saml/init/app": "SAML_Init_GET", "POST /us-east-1_A/oauth2/token": "", "POST /login": "",
		"POST /us-east-1_A/hunter2%20secret": "", "PUT /us-east-1_A/imports/x": "", "GET /us-east-1_A/logout": "Logout_GET", "POST /": "",
		"HEAD /us-east-1_A/saml2/logout": "SAML2_Logout_HEAD", "HEAD /us-east-1_A/login": "",
	} {
		method, target, _ := strings.Cut(request, " ")
		if _, got := pageEvent(httptest.NewRequest(method, target, nil)); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

// TestWitness: what a handler reports is not reported again, and a refused sign-in
// shows nothing of what was typed.
func TestWitness(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	log := audit.Open(audit.Config{Store: store, Key: []byte("key"), Account: "000000000000", Region: "us-east-1", Now: time.Now, Errors: slog.New(slog.DiscardHandler)})
	s := &Server{}
	s.Sessions = &idp.Sessions{Audit: auditor{log, "us-east-1", "000000000000"}}
	answer := func(status int, report bool) {
		h := s.witness(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if report {
				s.Sessions.Record(r.Context(), idp.Event{Name: idp.EventSignIn, Pool: "us-east-1_A", Sub: "sub", Username: "alice"})
			}
			w.WriteHeader(status)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/us-east-1_A/login?client_id=app", strings.NewReader("username=hunter2")))
	}
	answer(303, true)
	answer(303, false) // to the second factor
	answer(404, false)
	answer(401, false)
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, _, err := store.Find(t.Context(), audit.Query{Name: "Login_POST", Limit: 10})
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	var refused struct {
		ErrorCode    string
		UserIdentity struct{ UserName, PrincipalID string }
	}
	if err := json.Unmarshal(entries[0].Record, &refused); err != nil || refused.ErrorCode != "Unauthorized" ||
		refused.UserIdentity.UserName != audit.Hidden || refused.UserIdentity.PrincipalID != "Anonymous" {
		t.Errorf("record %s", entries[0].Record)
	}
}
