package awsapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// A slowBody is a large form whose end does not come before more is closed.
type slowBody struct {
	text    io.Reader
	read    int
	reached chan<- struct{} // told once that two thirds are read
	more    <-chan struct{}
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.read > 2<<20 && b.reached != nil {
		b.reached <- struct{}{}
		b.reached = nil
		<-b.more
	}
	n, err := b.text.Read(p[:min(len(p), 64<<10)])
	b.read += n
	return n, err
}

// TestLargeBodiesTakeTurns: nobody who has not proved who they are can fill the
// memory. Eight large bodies are held, the ninth caller waits.
func TestLargeBodiesTakeTurns(t *testing.T) {
	b := &backend{}
	h, err := awsapi.NewHandler(awsapi.Config{Services: b.services(), Credentials: b, Authorizer: b, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	reached, more := make(chan struct{}), make(chan struct{})
	serve := func(ctx context.Context, body io.Reader) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(ctx, "POST", "/", body)
		r.Header.Set("Content-Type", formType["Content-Type"])
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	form := func() io.Reader {
		return strings.NewReader("Action=AssumeRole&Version=2011-06-15&x=" + strings.Repeat("a", 3<<20))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { serve(t.Context(), &slowBody{text: form(), reached: reached, more: more}) })
	}
	for range 8 {
		<-reached
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	ninth := &slowBody{text: form()}
	if w := serve(gone, ninth); w.Code != 413 || ninth.read > 1<<20+128<<10 {
		t.Errorf("the ninth: %d after %d bytes", w.Code, ninth.read)
	}
	close(more)
	wg.Wait()
	last := &slowBody{text: form()}
	if w := serve(t.Context(), last); w.Code == 413 || last.read < 3<<20 {
		t.Errorf("after the others: %d after %d bytes", w.Code, last.read)
	}
}
