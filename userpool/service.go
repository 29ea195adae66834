package userpool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// A Service manages pools and everything in them, and serves what users do with
// their accounts short of signing in, which is Auth's.
type Service struct {
	Store     Store
	Ephemeral ephemeral.Store
	Messages  Messenger
	Triggers  *Triggers
	Passwords PasswordAsker // of imported users; nil asks nobody
	// Pretend costs what Messages.Send costs and sends nothing: whoever asks for a
	// code of a user that there is not waits as long as for a real one. Nil where
	// sending takes no time to speak of.
	Pretend func(ctx context.Context, m Mail) error
	Keys    keyring.Ring
	// PasskeyVerifier judges the passkeys that users register.
	PasskeyVerifier PasskeyVerifier
	Hasher          *Hasher
	Risk            *Risk   // nil knows no compromised passwords
	Limits          *Limits // told of new ceilings; nil where they are off
	Logs            *Logbook
	Now             func() time.Time
	Region          string // of new pools, for instance "us-east-1"
	Account         string // 12 digits
	Issuer          func(PoolID) string
	Fetch           jose.Fetcher // of documents that clients name; nil fetches none
	Log             *slog.Logger

	wakeOnce sync.Once
	wake     chan struct{} // see wakeImports
}

// now is the time as stores keep it.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

const (
	digits       = "0123456789"
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// randomText returns n characters of the alphabet, each as likely as the others.
func randomText(n int, alphabet string) string {
	out, raw := make([]byte, 0, n), make([]byte, 64)
	fair := 256 - 256%len(alphabet)
	for {
		rand.Read(raw)
		for _, b := range raw {
			if int(b) >= fair {
				continue
			}
			if out = append(out, alphabet[int(b)%len(alphabet)]); len(out) == n {
				return string(out)
			}
		}
	}
}

// invalid returns an ErrInvalidParameter with a text for the client.
func invalid(format string, args ...any) error {
	return Fail(ErrInvalidParameter, fmt.Sprintf(format, args...))
}

// named gives an error of the kind the text that clients know, which names what
// was looked for.
func named(err, kind error, format string, args ...any) error {
	if errors.Is(err, kind) {
		return Fail(kind, fmt.Sprintf(format, args...))
	}
	return err
}

// Pool returns a pool. An unknown one is a Fault that names it.
func (s *Service) Pool(ctx context.Context, id PoolID) (*Pool, error) {
	p, err := s.Store.Pool(ctx, id)
	return p, namedPool(err, id)
}

func namedPool(err error, id PoolID) error {
	return named(err, ErrPoolNotFound, "User pool %s does not exist.", id)
}
