package demo

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// mailboxSize is how many messages the viewer keeps.
const mailboxSize = 200

// A Mailbox is a messenger that delivers to a page: what a mail server and an
// SMS gateway do elsewhere. It keeps the last messages in memory.
type Mailbox struct {
	Now func() time.Time
	Log *slog.Logger

	mu       sync.Mutex
	messages []Message // newest first
}

// A Message is a delivered mail or text message.
type Message struct {
	userpool.Mail
	Sent time.Time
}

// Send delivers m. The demo prints it too, so that a code is at hand in the
// terminal; a server for real users never logs one.
func (b *Mailbox) Send(_ context.Context, m userpool.Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = slices.Insert(b.messages, 0, Message{m, b.Now()})
	if len(b.messages) > mailboxSize {
		b.messages = b.messages[:mailboxSize]
	}
	b.Log.Info("mail", "to", m.To, "subject", m.Subject, "body", m.Body)
	return nil
}

// Messages returns what was delivered, newest first.
func (b *Mailbox) Messages() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}
