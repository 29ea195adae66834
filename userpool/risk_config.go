package userpool

import (
	"context"
	"time"
)

// What is done about a sign-in at risk.
const (
	RiskBlock           = "BLOCK"
	RiskMFAIfConfigured = "MFA_IF_CONFIGURED"
	RiskMFARequired     = "MFA_REQUIRED"
	RiskNoAction        = "NO_ACTION"
)

// When passwords are looked for among those that are known from breaches.
const (
	OnSignIn         = "SIGN_IN"
	OnPasswordChange = "PASSWORD_CHANGE"
	OnSignUp         = "SIGN_UP"
)

// A RiskConfiguration says what is done about risks: in sign-ins through a client
// or, without one, through all clients of the pool that have no configuration of
// their own. A part that is nil does nothing.
type RiskConfiguration struct {
	Pool        PoolID
	Client      ClientID // empty for the pool's
	Modified    time.Time
	Compromised *CompromisedRules `json:",omitempty"`
	Takeover    *TakeoverRules    `json:",omitempty"`
	Exceptions  *RiskExceptions   `json:",omitempty"`
}

// CompromisedRules say what is done about a password that is known from a breach.
type CompromisedRules struct {
	Events []string // OnSignIn …; empty for all
	Action string   // RiskBlock or RiskNoAction
}

// TakeoverRules say what is done about a sign-in that may not be its user's own, by
// its level of risk. A level that is nil does nothing.
type TakeoverRules struct {
	Low    *RiskAction  `json:",omitempty"`
	Medium *RiskAction  `json:",omitempty"`
	High   *RiskAction  `json:",omitempty"`
	Notify *NotifyRules `json:",omitempty"`
}

// A RiskAction is what is done at one level.
type RiskAction struct {
	Action string // RiskBlock …
	Notify bool   // the user gets a mail
}

// NotifyRules are the mails to users about sign-ins at risk. One that is nil has a
// text of ours.
type NotifyRules struct {
	From, ReplyTo string // reported only: mails come from the server's own address
	SourceARN     string // reported only
	Block         *NotifyMail
	NoAction      *NotifyMail
	MFA           *NotifyMail
}

// A NotifyMail is the template of such a mail. The body that is HTML goes first.
type NotifyMail struct{ Subject, HTML, Text string }

// RiskExceptions are networks (CIDR) whose sign-ins are always refused, or not
// judged. What is in both is refused.
type RiskExceptions struct {
	Blocked []string `json:",omitempty"`
	Skipped []string `json:",omitempty"`
}

// A RiskStore keeps risk configurations, which go with their client and pool, and
// habits, which go with their user.
type RiskStore interface {
	// PutRiskConfiguration adds or replaces a configuration. ErrClientNotFound: the
	// pool has no such client, or there is no such pool.
	PutRiskConfiguration(ctx context.Context, c *RiskConfiguration) error
	// RiskConfiguration returns that of the client or, for an empty one, of the pool
	// itself; else ErrNotFound.
	RiskConfiguration(ctx context.Context, pool PoolID, client ClientID) (*RiskConfiguration, error)
	// DeleteRiskConfiguration deletes a configuration, if there is one.
	DeleteRiskConfiguration(ctx context.Context, pool PoolID, client ClientID) error

	// Habits returns the habits of a user: empty ones for who has none.
	Habits(ctx context.Context, pool PoolID, sub string) (*Habits, error)
	// UpdateHabits replaces the habits of a user with the result of fn, as one
	// atomic step, or returns ErrUserNotFound.
	UpdateHabits(ctx context.Context, pool PoolID, sub string, fn func(*Habits) error) error
}
