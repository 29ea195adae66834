package trigger

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/userpool"
)

// webhook is the way to a program that stands in for a function: it receives the
// event, signed, and answers as the function would.
func (i *Invoker) webhook(address string) route {
	header := func(_ context.Context, body []byte) (http.Header, error) {
		return webhook.Header(i.Secret, rand.Text(), i.Now(), body), nil
	}
	return route{address, header, readWebhook}
}

// readWebhook reads the answer of a program. It refuses as a function throws: by
// an errorMessage, with a status of 4xx.
func readWebhook(a *outbound.Answer) ([]byte, error) {
	if a.Status/100 == 2 {
		return a.Body, nil
	}
	if thrown, ok := readThrown(a.Body); ok && a.Status/100 == 4 {
		return nil, &userpool.FunctionError{Message: thrown}
	}
	return nil, &userpool.InvokeError{Reason: errorCode(a), Err: fmt.Errorf("status %d", a.Status)}
}
