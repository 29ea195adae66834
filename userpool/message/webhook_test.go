package message_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

func TestWebhook(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	var header http.Header
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header, body = r.Header, nil
		body, _ = io.ReadAll(r.Body)
	}))
	defer srv.Close()
	w := &message.Webhook{URL: srv.URL, Secret: secret, Client: outbound.New(true), Now: func() time.Time { return noon }}
	if err := w.Deliver(t.Context(), "id1", userpool.Mail{Pool: "us-east-1_A", To: "+15551234567", Medium: "SMS", Body: "123456", Kind: "forgot"}); err != nil {
		t.Fatal(err)
	}
	if header.Get("Webhook-Id") != "id1" || header.Get("Webhook-Timestamp") != "1767355200" || header.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", header)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("id1.1767355200." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); header.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q", header.Get("Webhook-Signature"), want)
	}
	var got struct {
		Type, Timestamp string
		Data            map[string]string
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Type != "sms.send" || got.Timestamp != "2026-01-02T12:00:00Z" ||
		got.Data["to"] != "+15551234567" || got.Data["body"] != "123456" || got.Data["kind"] != "forgot" || got.Data["pool"] != "us-east-1_A" {
		t.Errorf("%s: %v", body, err)
	}
}

func TestWebhookErrors(t *testing.T) {
	status := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer srv.Close()
	w := &message.Webhook{URL: srv.URL, Client: outbound.New(true), Now: func() time.Time { return noon }}
	for _, tt := range []struct {
		status        int
		ok, permanent bool
	}{{200, true, false}, {204, true, false}, {307, false, false}, {400, false, true}, {410, false, true}, {408, false, false}, {429, false, false}, {503, false, false}} {
		status = tt.status
		err := w.Deliver(t.Context(), "id", userpool.Mail{})
		if (err == nil) != tt.ok || errors.Is(err, message.ErrPermanent) != tt.permanent {
			t.Errorf("%d: %v", tt.status, err)
		}
	}
	w.Client, w.URL = outbound.New(false), strings.Replace(srv.URL, "http:", "https:", 1)+"/hunter2"
	if err := w.Deliver(t.Context(), "id", userpool.Mail{}); !errors.Is(err, outbound.ErrForbidden) || errors.Is(err, message.ErrPermanent) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a private address: %v", err)
	}
}

func TestParseWebhookSecret(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	if s, err := webhook.ParseSecret("whsec_" + b64(make([]byte, 24))); err != nil || len(s) != 24 {
		t.Errorf("%x, %v", s, err)
	}
	for _, bad := range []string{"", b64(make([]byte, 24)), "whsec_" + b64(make([]byte, 23)), "whsec_" + b64(make([]byte, 65)), "whsec_hunter2!"} {
		if _, err := webhook.ParseSecret(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
