package userpool

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"
)

// The modes of a pool's threat protection.
const (
	ThreatsOff   = "OFF"
	ThreatsAudit = "AUDIT" // sign-ins are written down
)

// What an EventChallenge is called.
const (
	eventPassword = "Password"
	eventMFA      = "Mfa"
)

// Risk watches sign-ins to pools that have threat protection on. A nil *Risk
// watches nothing.
type Risk struct {
	Store Store
	Logs  *Logbook
	Now   func() time.Time
	Log   *slog.Logger
}

// Watched reports whether sign-ins to the pool are written down.
func (p *Pool) Watched() bool { return p.ThreatProtection != "" && p.ThreatProtection != ThreatsOff }

// passed writes down that u signed in; mfa says that a second factor was part of it.
func (r *Risk) passed(ctx context.Context, p *Pool, u *User, mfa bool) {
	challenges := []EventChallenge{{eventPassword, true}}
	if mfa {
		challenges = append(challenges, EventChallenge{eventMFA, true})
	}
	r.write(ctx, p, u, true, challenges)
}

// failed writes down that a sign-in failed at a challenge. u is nil for a user whom
// the pool does not know: there is nobody to write it down for.
func (r *Risk) failed(ctx context.Context, p *Pool, u *User, challenge string) {
	challenges := []EventChallenge{{challenge, false}}
	if challenge == eventMFA {
		challenges = append([]EventChallenge{{eventPassword, true}}, challenges...)
	}
	r.write(ctx, p, u, false, challenges)
}

// write adds an event. That it could not be written is logged and does not change
// the outcome of the sign-in.
func (r *Risk) write(ctx context.Context, p *Pool, u *User, passed bool, challenges []EventChallenge) {
	if r == nil || u == nil || !p.Watched() && p.log(LogSignIns) == nil {
		return
	}
	o := originOf(ctx)
	e := &Event{Pool: p.ID, Sub: u.Sub, ID: newEventID(), Type: "SignIn", Passed: passed, Created: r.Now().UTC(),
		Challenges: challenges, IP: o.IP, Device: deviceName(o.UserAgent)}
	r.Logs.signIn(ctx, p, u, e)
	if !p.Watched() {
		return
	}
	if err := r.Store.AddEvent(ctx, e); err != nil {
		r.Log.ErrorContext(ctx, "sign-in event was not written", "pool", p.ID, "error", err)
	}
}

func newEventID() string {
	var id [16]byte
	rand.Read(id[:])
	return formatUUID(id)
}
