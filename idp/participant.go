package idp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// A ParticipantKind is the protocol by which a participant is told of the end.
type ParticipantKind string

// The kinds.
const (
	OpenIDClient ParticipantKind = ""     // Client is a userpool.ClientID
	SAMLApp      ParticipantKind = "saml" // Client is the ID of an application
)

// A Participant is an app that somebody signed in to from one browser, and that
// wants to hear of the end of it.
type Participant struct {
	Pool    userpool.PoolID
	Sub     string
	Root    Handle          // of the browser's sessions
	Kind    ParticipantKind `json:",omitempty"`
	Client  userpool.ClientID
	Data    []byte `json:",omitempty"` // what telling it takes, known to those of its kind alone; nil where nothing
	Joined  time.Time
	Expires time.Time // when nothing of the sign-in can be alive any more
}

// A ParticipantStore keeps who takes part in browser sessions. Participants outlive
// the session itself: a client may hold tokens for longer.
//
// Implementations must be safe for concurrent use, judge expiry by the clock they
// were given, keep times to the microsecond, and pass idptest.TestParticipants.
type ParticipantStore interface {
	// Join adds p, or puts it in the place of the one with its root, kind and client.
	Join(ctx context.Context, p *Participant) error
	// Participants returns the live ones of a user: of one root, or of all where it
	// is empty. They are sorted by root, kind and client.
	Participants(ctx context.Context, pool userpool.PoolID, sub string, root Handle) ([]*Participant, error)
	// Leave takes p away unless it has joined again since. An absent one is no error.
	Leave(ctx context.Context, p *Participant) error
	// DeleteExpiredParticipants deletes up to limit dead ones and says how many.
	DeleteExpiredParticipants(ctx context.Context, limit int) (int, error)
}

// SID is what a client knows a session by (sid, OpenID Connect Front-Channel Logout
// 1.0 section 3). It is another one for each client, so that two clients cannot
// compare their users; and it stays while the same user signs in again.
func SID(pool userpool.PoolID, root Handle, client userpool.ClientID) string {
	sum := sha256.Sum256([]byte("sid\x00" + string(pool) + "\x00" + string(root) + "\x00" + string(client)))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// SID is what a client knows the session by.
func (s *Session) SID(client userpool.ClientID) string { return SID(s.Pool, s.Root, client) }

// SID is what the client knows the session by.
func (p *Participant) SID() string { return SID(p.Pool, p.Root, p.Client) }
