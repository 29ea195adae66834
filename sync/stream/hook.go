package stream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/internal/webhook"
)

// A hook posts records to a program, signed as the Standard Webhooks specification
// says. The body is the record itself.
type hook struct {
	url string
	Options
}

// Put implements Sink. Any 2xx is an acceptance. No refusal is for good: a program
// that is being repaired gets what it missed.
func (h *hook) Put(ctx context.Context, r Record) error {
	header := webhook.Header(h.Secret, r.ID, h.Now(), r.Body)
	header.Set(partitionHeader, r.Partition)
	status, err := h.Client.Post(ctx, h.url, header, r.Body)
	var failed *url.Error
	switch {
	case errors.As(err, &failed):
		return fmt.Errorf("webhook: %w", failed.Err) // without the address
	case err != nil:
		return fmt.Errorf("webhook: %w", err)
	case status == http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case status/100 != 2:
		return fmt.Errorf("webhook: status %d", status)
	}
	return nil
}

// Close implements Sink.
func (h *hook) Close() error { return nil }
