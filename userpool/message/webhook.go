package message

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Webhook hands text messages to a program that sends them, by a POST that is
// signed as the Standard Webhooks specification says.
type Webhook struct {
	URL    string
	Secret []byte // of ParseWebhookSecret
	Client *outbound.Client
	Now    func() time.Time
}

// ParseWebhookSecret reads a secret of Standard Webhooks: whsec_ and 24 to 64
// bytes in base64. Errors show nothing of it.
func ParseWebhookSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, "whsec_")
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(secret) < 24 || len(secret) > 64 {
		return nil, errors.New("want whsec_ and 24 to 64 bytes in base64")
	}
	return secret, nil
}

// event is the body of a call.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      textData  `json:"data"`
}

type textData struct {
	Pool userpool.PoolID `json:"pool"`
	To   string          `json:"to"`
	Body string          `json:"body"`
	Kind string          `json:"kind"`
}

// Deliver implements Transport. Any 2xx is an acceptance. Other statuses of 4xx
// than those that ask for patience are for good.
func (w *Webhook) Deliver(ctx context.Context, id string, m userpool.Mail) error {
	now := w.Now().UTC()
	body, err := json.Marshal(event{"sms.send", now, textData{m.Pool, m.To, m.Body, m.Kind}})
	if err != nil {
		return err
	}
	status, err := w.Client.Post(ctx, w.URL, w.header(id, now, body), body)
	switch {
	case err != nil:
		return fmt.Errorf("webhook: %w", withoutAddress(err))
	case status/100 == 2:
		return nil
	case status/100 == 4 && status != http.StatusRequestTimeout && status != http.StatusTooEarly && status != http.StatusTooManyRequests:
		return fmt.Errorf("%w: webhook: status %d", ErrPermanent, status)
	}
	return fmt.Errorf("webhook: status %d", status)
}

// withoutAddress leaves out of a failed call's error where it went: the address may
// hold a token.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

func (w *Webhook) header(id string, now time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, w.Secret)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}
