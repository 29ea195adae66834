// Package signout tells the apps that somebody signed in to that the sign-in has
// ended: by OpenID Connect Back-Channel Logout 1.0, with a token that waits in an
// outbox until the app has taken it, and by Front-Channel Logout 1.0, with the
// addresses that the page after a sign-out loads.
//
// An app is told when its user signs out of the browser that it was signed in to
// from, when another user signs in there, and when all sign-ins of the user end: by
// a global sign-out, a new password, or because the user was disabled or deleted.
// A browser session that only runs out ends no sign-in of an app.
package signout

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Clients finds clients. userpool.Store does.
type Clients interface {
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
}

// A Service knows who is to be told, and sees to it.
type Service struct {
	Participants idp.ParticipantStore
	Sessions     idp.SessionStore
	Clients      Clients
	Outbox       userpool.Messenger // carries messages of Medium to a Notifier
	Issuer       func(userpool.PoolID) string
	Now          func() time.Time
	Log          *slog.Logger
}

// Medium is that of the messages that a Notifier delivers.
const Medium = "LOGOUT"

// A farewell is the body of such a message. Its address is the client's id.
type farewell struct {
	Sub string `json:"sub"`
	SID string `json:"sid"`
}

// Join notes that a client takes part in a session, if it wants to hear of the end.
func (s *Service) Join(ctx context.Context, c *userpool.Client, sess *idp.Session) error {
	if c.OpenID.BackchannelLogout == "" && c.OpenID.FrontchannelLogout == "" {
		return nil
	}
	now := s.Now().UTC().Truncate(time.Microsecond)
	expires := now.Add(c.LongestSignIn())
	if expires.Before(sess.Limit) {
		expires = sess.Limit
	}
	return s.Participants.Join(ctx, &idp.Participant{Pool: sess.Pool, Sub: sess.Sub, Root: sess.Root, Client: c.ID, Joined: now, Expires: expires})
}

// SessionEnding tells the participants of a session that it ends.
func (s *Service) SessionEnding(ctx context.Context, sess *idp.Session) error {
	return s.tell(ctx, sess.Pool, sess.Sub, sess.Root)
}

// UserSignedOut ends all browser sessions of a user whose sign-ins do not count any
// more, and tells everybody. What has ended them has happened already: a failure is
// logged, for nobody could act on it.
func (s *Service) UserSignedOut(ctx context.Context, pool userpool.PoolID, sub string) {
	ctx = context.WithoutCancel(ctx)
	err := errors.Join(s.Sessions.RevokeAll(ctx, pool, sub, ""), s.tell(ctx, pool, sub, ""))
	if err != nil {
		s.Log.ErrorContext(ctx, "telling apps of a sign-out", "pool", pool, "sub", sub, "error", err)
	}
}

// tell queues a message for each client, and then forgets it: after a crash in
// between it is told twice, but never not at all. Apps of other protocols stay: they
// are told by way of a browser, where there is one.
func (s *Service) tell(ctx context.Context, pool userpool.PoolID, sub string, root idp.Handle) error {
	list, err := s.clients(ctx, pool, sub, root)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := s.queue(ctx, p); err != nil {
			return err
		}
		if err := s.Participants.Leave(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// clients are the participants that are OpenID clients.
func (s *Service) clients(ctx context.Context, pool userpool.PoolID, sub string, root idp.Handle) ([]*idp.Participant, error) {
	list, err := s.Participants.Participants(ctx, pool, sub, root)
	return slices.DeleteFunc(list, func(p *idp.Participant) bool { return p.Kind != idp.OpenIDClient }), err
}

func (s *Service) queue(ctx context.Context, p *idp.Participant) error {
	c, err := s.client(ctx, p)
	if err != nil || c == nil || c.OpenID.BackchannelLogout == "" {
		return err
	}
	body, err := json.Marshal(farewell{p.Sub, p.SID()})
	if err != nil {
		return err
	}
	return s.Outbox.Send(ctx, userpool.Mail{Pool: p.Pool, To: string(p.Client), Medium: Medium, Kind: "logout", Body: string(body)})
}

// client returns the client of a participant, nil for one that is gone.
func (s *Service) client(ctx context.Context, p *idp.Participant) (*userpool.Client, error) {
	c, err := s.Clients.Client(ctx, p.Client)
	if errors.Is(err, userpool.ErrClientNotFound) || err == nil && c.Pool != p.Pool {
		return nil, nil
	}
	return c, err
}

// Frames returns the addresses that the browser is to load so that the apps in it
// forget the user (Front-Channel Logout section 2). Ask before the session ends.
func (s *Service) Frames(ctx context.Context, sess *idp.Session) ([]string, error) {
	list, err := s.clients(ctx, sess.Pool, sess.Sub, sess.Root)
	if err != nil {
		return nil, err
	}
	var frames []string
	for _, p := range list {
		c, err := s.client(ctx, p)
		if err != nil {
			return nil, err
		}
		if c == nil || c.OpenID.FrontchannelLogout == "" {
			continue
		}
		sep := "?"
		if strings.Contains(c.OpenID.FrontchannelLogout, "?") {
			sep = "&"
		}
		frames = append(frames, c.OpenID.FrontchannelLogout+sep+url.Values{"iss": {s.Issuer(p.Pool)}, "sid": {p.SID()}}.Encode())
	}
	return frames, nil
}
