// Package message delivers mails and text messages. It is a room of user pools:
// what is said, and to whom, is decided there.
package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// ErrNotConfigured is what Nowhere answers with.
var ErrNotConfigured = errors.New("message: this server has no way to send messages; see --smtp-url, --sms-webhook and --mail-dir")

// Nowhere is the messenger of a server that was given none: it refuses, so that
// nobody waits for a code that never comes.
type Nowhere struct{}

// Send returns ErrNotConfigured.
func (Nowhere) Send(context.Context, userpool.Mail) error { return ErrNotConfigured }

// Files delivers into a directory, a file a message, for another program to
// pick up. The files hold codes: they are readable by their owner alone.
type Files struct {
	Dir string
	Now func() time.Time
}

// file is a message on disk.
type file struct {
	Sent                            time.Time
	Pool                            userpool.PoolID
	To, Medium, Subject, Body, Kind string
	HTML                            bool `json:",omitempty"`
}

// Send writes m. The file appears under its name once it is whole.
func (f Files) Send(_ context.Context, m userpool.Mail) error {
	now := f.Now().UTC()
	b, err := json.MarshalIndent(file{now, m.Pool, m.To, m.Medium, m.Subject, m.Body, m.Kind, m.HTML}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.Dir, ".message-*")
	if err != nil {
		return err
	}
	if err := writeAll(tmp, b); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	name := fmt.Sprintf("%s%s.json", now.Format("20060102T150405.000000000Z"), filepath.Base(tmp.Name())[len(".message"):])
	return os.Rename(tmp.Name(), filepath.Join(f.Dir, name))
}

func writeAll(f *os.File, b []byte) error {
	_, err := f.Write(b)
	return errors.Join(err, f.Close())
}
