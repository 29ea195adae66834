package message

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Transport carries messages of one medium to where they are read.
type Transport interface {
	// Deliver hands m over. The id is the same at each try, so that a receiver can
	// tell a repetition. An error that no repetition can mend wraps ErrPermanent.
	// Its text is kept and logged: it holds nothing of m.
	Deliver(ctx context.Context, id string, m userpool.Mail) error
}

// ErrPermanent marks what is not worth a second try.
var ErrPermanent = errors.New("refused for good")

// An Outbox keeps messages in the database until they are delivered, so that
// whoever causes one waits for a write, not for a mail server, and a restart
// loses none. Every node may run it; a message is tried by one of them at a time.
// One that was handed over just before a crash is handed over again.
type Outbox struct {
	Store      Store
	Sealer     keyring.Sealer
	Transports map[string]Transport // by medium
	Now        func() time.Time
	Log        *slog.Logger
	// GivenUp hears of each message of a pool that was given up. Nil hears nothing.
	GivenUp func(ctx context.Context, pool userpool.PoolID, medium, kind, destination, reason string)

	// Wake holds a token while there may be something new. Made by NewOutbox.
	wake chan struct{}
}

// NewOutbox returns an Outbox over a store.
func NewOutbox(store Store, sealer keyring.Sealer, transports map[string]Transport, now func() time.Time, log *slog.Logger) *Outbox {
	return &Outbox{Store: store, Sealer: sealer, Transports: transports, Now: now, Log: log, wake: make(chan struct{}, 1)}
}

// content is the part of a message that is sealed.
type content struct {
	To, Subject, Body string
	HTML              bool `json:",omitempty"`
}

// Send implements userpool.Messenger: it keeps m for delivery. Without a transport
// for its medium it returns ErrNotConfigured.
func (o *Outbox) Send(ctx context.Context, m userpool.Mail) error {
	return o.Replace(ctx, rand.Text(), m)
}

// Replace is Send under an ID of the caller's: what was kept under it, delivered or
// not, is no more.
func (o *Outbox) Replace(ctx context.Context, id string, m userpool.Mail) error {
	it, err := o.item(id, m)
	if err != nil {
		return err
	}
	if err := o.Store.Put(ctx, it); err != nil {
		return err
	}
	select {
	case o.wake <- struct{}{}:
	default: // one token is enough
	}
	return nil
}

// Pretend costs what Send costs and queues nothing, so that the time of an answer
// does not tell who exists. It writes one of a few rows that are closed from the
// start, over and over: strangers cannot fill the table with them.
func (o *Outbox) Pretend(ctx context.Context, m userpool.Mail) error {
	var slot [1]byte
	rand.Read(slot[:])
	it, err := o.item("decoy-"+hex.EncodeToString([]byte{slot[0] & 0xf}), m)
	if err != nil {
		return err
	}
	it.Pool, it.Closed, it.Reason = "", it.Created, "nobody to send it to" // of no pool's log
	return o.Store.Put(ctx, it)
}

func (o *Outbox) item(id string, m userpool.Mail) (*Item, error) {
	if o.Transports[m.Medium] == nil {
		return nil, fmt.Errorf("%w; medium %s", ErrNotConfigured, m.Medium)
	}
	plain, err := json.Marshal(content{m.To, m.Subject, m.Body, m.HTML})
	if err != nil {
		return nil, err
	}
	sealed, err := o.Sealer.Seal(plain, sealedAs(id))
	if err != nil {
		return nil, err
	}
	now := o.Now().UTC()
	return &Item{ID: id, Pool: m.Pool, Medium: m.Medium, Kind: m.Kind, Destination: m.Destination(), Sealed: sealed, Created: now, Due: now}, nil
}

// open returns the message of an item.
func (o *Outbox) open(it *Item) (m userpool.Mail, err error) {
	plain, err := o.Sealer.Open(it.Sealed, sealedAs(it.ID))
	if err != nil {
		return m, err
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return m, err
	}
	return userpool.Mail{Pool: it.Pool, To: c.To, Medium: it.Medium, Subject: c.Subject, Body: c.Body, HTML: c.HTML, Kind: it.Kind}, nil
}

func sealedAs(id string) string { return "outbox/content/" + id }
