package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Webhook hands text messages to a program that sends them, by a POST that is
// signed as the Standard Webhooks specification says.
type Webhook struct {
	URL    string
	Secret []byte // of webhook.ParseSecret
	Client *outbound.Client
	Now    func() time.Time
}

// event is the body of a call.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
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
	return post(ctx, w.Client, w.URL, w.Secret, id, event{"sms.send", w.Now().UTC(), textData{m.Pool, m.To, m.Body, m.Kind}})
}

// post makes a call and says what its answer means.
func post(ctx context.Context, client *outbound.Client, url string, secret []byte, id string, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	status, err := client.Post(ctx, url, webhook.Header(secret, id, e.Timestamp, body), body)
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
