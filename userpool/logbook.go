package userpool

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"time"
)

// A LogSink takes what pools log to where it is read.
type LogSink interface {
	// Deliver takes one event, a JSON object, for a destination.
	Deliver(ctx context.Context, to LogConfiguration, event []byte) error
}

// A Logbook delivers the logs of pools that are configured to have some. A nil
// *Logbook, and one without a sink, deliver nothing.
type Logbook struct {
	Sink  LogSink
	Pools PoolStore
	Now   func() time.Time
	Log   *slog.Logger
}

func (l *Logbook) delivers() bool { return l != nil && l.Sink != nil }

// A logEvent is an event in the form in which Cognito exports them.
type logEvent struct {
	Timestamp string    `json:"eventTimestamp"` // milliseconds since 1970
	Source    string    `json:"eventSource"`
	Level     string    `json:"logLevel"`
	Message   any       `json:"message"`
	From      logSource `json:"logSourceId"`
}

type logSource struct {
	Pool PoolID `json:"userPoolId"`
}

// The names of event sources in events.
var eventSources = map[string]string{LogNotifications: "USER_NOTIFICATION", LogSignIns: "USER_AUTH_EVENTS"}

// write delivers an event of a source. That it could not be delivered stays in the
// server's own log: what it tells of has happened.
func (l *Logbook) write(ctx context.Context, p *Pool, source string, at time.Time, message any) {
	to := p.log(source)
	if to == nil || l == nil {
		return
	}
	err := error(errNoLogs)
	if l.Sink != nil {
		var event []byte
		event, err = json.Marshal(logEvent{strconv.FormatInt(at.UnixMilli(), 10), eventSources[source], to.Level, message, logSource{p.ID}})
		if err == nil {
			err = l.Sink.Deliver(context.WithoutCancel(ctx), *to, event)
		}
	}
	if err != nil {
		l.Log.ErrorContext(ctx, "event of a pool's log not delivered", "pool", p.ID, "source", source, "destination", to.ARN, "error", err)
	}
}

// undelivered tells of a message that did not get to its user, and why. The reason
// has nothing of the message in it.
func (l *Logbook) undelivered(ctx context.Context, p *Pool, medium, kind, destination, reason string) {
	if l == nil || p.log(LogNotifications) == nil {
		return
	}
	details := medium + " message (" + kind + ") to " + destination + " was not delivered: " + reason
	l.write(ctx, p, LogNotifications, l.Now(), struct {
		Details string `json:"details"`
	}{details})
}

// GivenUp tells of a message that waited and was given up.
func (l *Logbook) GivenUp(ctx context.Context, pool PoolID, medium, kind, destination, reason string) {
	p, err := l.Pools.Pool(ctx, pool)
	if err != nil {
		l.Log.ErrorContext(ctx, "event of a pool's log not delivered", "pool", pool, "source", LogNotifications, "error", err)
		return
	}
	l.undelivered(ctx, p, medium, kind, destination, reason)
}

// A signInMessage is what is logged of a sign-in. Every member is text and is always
// there; one that is not known is empty.
type signInMessage struct {
	Version     string   `json:"version"`
	EventID     string   `json:"eventId"`
	EventType   string   `json:"eventType"`
	Sub         string   `json:"userSub"`
	Name        string   `json:"userName"`
	Pool        PoolID   `json:"userPoolId"`
	Created     string   `json:"creationDate"`
	Response    string   `json:"eventResponse"`
	RiskLevel   string   `json:"riskLevel"`
	Decision    string   `json:"riskDecision"`
	Compromised string   `json:"compromisedCredentialDetected"`
	City        string   `json:"city"`
	Country     string   `json:"country"`
	Challenges  []string `json:"challenges"`
	Device      string   `json:"deviceName"`
	IP          string   `json:"ipAddress"`
	ContextData string   `json:"hasContextData"`
}

// signIn tells of a sign-in that succeeded or failed.
func (l *Logbook) signIn(ctx context.Context, p *Pool, u *User, e *Event) {
	if l == nil || p.log(LogSignIns) == nil {
		return
	}
	m := signInMessage{Version: "1", EventID: e.ID, EventType: "SIGN_IN", Sub: u.Sub, Name: u.Username, Pool: p.ID,
		Created: e.Created.Format("Mon Jan 2 15:04:05 UTC 2006"), Response: "Fail", Challenges: []string{},
		Device: e.Device, IP: e.IP, ContextData: strconv.FormatBool(e.IP != "" || e.Device != "")}
	switch {
	case e.Passed:
		m.Response = "Pass"
	case e.Pending:
		m.Response = "InProgress"
	}
	if r := e.Risk; r != nil {
		m.RiskLevel, m.Decision, m.Compromised = r.Level, r.Decision, strconv.FormatBool(r.Compromised)
	}
	if at := e.Place; at != nil {
		m.City, m.Country = at.City, at.CountryName
	}
	for _, c := range e.Challenges {
		outcome := ":Failure"
		if c.Passed {
			outcome = ":Success"
		}
		m.Challenges = append(m.Challenges, c.Name+outcome)
	}
	l.write(ctx, p, LogSignIns, e.Created, m)
}
