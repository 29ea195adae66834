package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// feedbackLife is how long a user may say whether a sign-in was theirs.
const feedbackLife = 7 * 24 * time.Hour

var errFeedbackToken = Fail(ErrNotAuthorized, "Invalid feedback token.")

// A feedbackToken lets whoever has it say something about one event.
type feedbackToken struct {
	Sub     string `json:"s"`
	Event   string `json:"e"`
	Expires int64  `json:"x"` // seconds
}

func feedbackAAD(pool PoolID) string { return "userpool/feedback/" + string(pool) }

// AuthEvents lists the sign-in events of a user, the newest first.
// ErrAddOnNotEnabled: the pool writes none down.
func (s *Service) AuthEvents(ctx context.Context, pool PoolID, name, token string, limit int) ([]*Event, string, error) {
	u, err := s.watchedUser(ctx, pool, name)
	if err != nil {
		return nil, "", err
	}
	return listPage(s, "AdminListUserAuthEvents/"+string(pool)+"/"+u.Sub, token, limit, func(after string, limit int) ([]*Event, string, error) {
		return s.Store.Events(ctx, pool, u.Sub, after, limit)
	})
}

// watchedUser returns a user of a pool that has threat protection on.
func (s *Service) watchedUser(ctx context.Context, pool PoolID, name string) (*User, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	u, err := s.Store.User(ctx, pool, name)
	if err != nil {
		return nil, err
	}
	return u, p.requireThreatProtection()
}

// GiveFeedback is an administrator's word on whether a sign-in was the user's own.
func (s *Service) GiveFeedback(ctx context.Context, pool PoolID, name, event string, valid bool) error {
	u, err := s.watchedUser(ctx, pool, name)
	if err != nil {
		return err
	}
	_, err = s.feedback(ctx, u, event, EventFeedback{Valid: valid, Provider: "Admin", Given: s.now()})
	return err
}

// GiveOwnFeedback is the word of the user, who shows a token of FeedbackToken. That
// a sign-in which succeeded was not theirs ends all sign-ins.
func (s *Service) GiveOwnFeedback(ctx context.Context, pool PoolID, name, event, token string, valid bool) error {
	u, err := s.watchedUser(ctx, pool, name)
	if errors.Is(err, ErrUserNotFound) {
		return errFeedbackToken // anybody may ask: nobody learns who exists
	}
	if err != nil {
		return err
	}
	if !s.grantsFeedback(u, event, token) {
		return errFeedbackToken
	}
	e, err := s.feedback(ctx, u, event, EventFeedback{Valid: valid, Provider: "User", Given: s.now()})
	if err != nil || valid || !e.Passed {
		return err
	}
	return s.AdminSignOut(ctx, pool, u.Username)
}

// feedback stores what was said last. Where the user's own sign-ins come from is a
// habit, where others' come from is none.
func (s *Service) feedback(ctx context.Context, u *User, event string, f EventFeedback) (*Event, error) {
	e, err := s.Store.UpdateEvent(ctx, u.Pool, u.Sub, event, func(e *Event) error {
		e.Feedback = &f
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil, Fail(ErrNotFound, "Event does not exist.")
	}
	if err != nil {
		return nil, err
	}
	return e, s.Store.UpdateHabits(ctx, u.Pool, u.Sub, func(h *Habits) error {
		if t := e.trace(); f.Valid {
			h.remember(t, f.Given)
		} else {
			h.disown(t)
		}
		return nil
	})
}

// trace is what the event's sign-in showed of where it came from.
func (e *Event) trace() trace {
	t := trace{device: e.Device, place: e.Place}
	if ip := (Origin{IP: e.IP}).address(); ip.IsValid() {
		t.network = nearby(ip)
	}
	return t
}

// FeedbackToken returns a token that lets its holder say for a week whether one
// sign-in was the user's own.
func (s *Service) FeedbackToken(e *Event) (string, error) {
	plain, err := json.Marshal(feedbackToken{e.Sub, e.ID, s.Now().Add(feedbackLife).Unix()})
	if err != nil {
		return "", err
	}
	sealed, err := s.Keys.Seal(plain, feedbackAAD(e.Pool))
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// grantsFeedback reports whether a token is good for this event of the user.
func (s *Service) grantsFeedback(u *User, event, token string) bool {
	sealed, err := strictURL.DecodeString(token)
	if err != nil {
		return false
	}
	plain, err := s.Keys.Open(sealed, feedbackAAD(u.Pool))
	if err != nil {
		return false
	}
	var t feedbackToken
	err = json.Unmarshal(plain, &t)
	return err == nil && t.Sub == u.Sub && t.Event == event && s.Now().Unix() < t.Expires
}
