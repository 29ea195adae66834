package userpool_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

const (
	logGroup  = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/pool"
	logStream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/pool"
	logBucket = "arn:aws:s3:::pool-logs/sign-ins"
)

var (
	notificationLog = userpool.LogConfiguration{Source: "userNotification", Level: "ERROR", Service: "logs", ARN: logGroup}
	signInLog       = userpool.LogConfiguration{Source: "userAuthEvents", Level: "INFO", Service: "firehose", ARN: logStream}
)

// A shelf keeps the events that were delivered, by destination.
type shelf struct {
	events map[string][]string
	broke  error
}

func (s *shelf) Deliver(_ context.Context, to userpool.LogConfiguration, event []byte) error {
	if s.broke != nil {
		return s.broke
	}
	if s.events == nil {
		s.events = map[string][]string{}
	}
	s.events[to.ARN] = append(s.events[to.ARN], string(event))
	return nil
}

// only is the one event of a destination, without the time it happened at.
func (s *shelf) only(t *testing.T, arn string) (message map[string]any, head string) {
	t.Helper()
	var e struct {
		EventTimestamp, EventSource, LogLevel string
		Message                               map[string]any
		LogSourceID                           map[string]string
	}
	if len(s.events[arn]) != 1 {
		t.Fatalf("events of %s: %v", arn, s.events[arn])
	}
	if err := json.Unmarshal([]byte(s.events[arn][0]), &e); err != nil || len(e.EventTimestamp) != 13 {
		t.Fatal(s.events[arn], err)
	}
	return e.Message, e.EventSource + " " + e.LogLevel + " " + e.LogSourceID["userPoolId"]
}

func plus(p *userpool.Pool) { p.Tier = userpool.TierPlus }

func (e *estate) withLogs() *shelf {
	sink := &shelf{}
	e.Logs = &userpool.Logbook{Sink: sink, Pools: e.Store, Now: e.clock.Now, Log: slog.New(slog.DiscardHandler)}
	return sink
}

func TestSetLogs(t *testing.T) {
	e := newEstate(t)
	e.withLogs()
	p, small := e.newPool(plus), e.newPool(nil)
	with := func(change func(*userpool.LogConfiguration)) userpool.LogConfiguration {
		l := signInLog
		change(&l)
		return l
	}
	set := func(id userpool.PoolID, logs ...userpool.LogConfiguration) error {
		_, err := e.SetLogs(t.Context(), id, logs)
		return err
	}
	for name, tt := range map[string]struct {
		logs []userpool.LogConfiguration
		text string
	}{
		"level":        {[]userpool.LogConfiguration{with(func(l *userpool.LogConfiguration) { l.Level = "ERROR" })}, "The log level of the event source userAuthEvents is INFO."},
		"stream":       {[]userpool.LogConfiguration{{Source: "userNotification", Level: "ERROR", Service: "firehose", ARN: logStream}}, "needs CloudWatchLogsConfiguration"},
		"twice":        {[]userpool.LogConfiguration{signInLog, signInLog}, "one configuration for the event source userAuthEvents"},
		"other ARN":    {[]userpool.LogConfiguration{with(func(l *userpool.LogConfiguration) { l.ARN = logGroup })}, "Invalid ARN of a log destination"},
		"other source": {[]userpool.LogConfiguration{with(func(l *userpool.LogConfiguration) { l.Source = "other" })}, "Invalid event source"},
	} {
		t.Run(name, func(t *testing.T) { e.refused(set(p.ID, tt.logs...), userpool.ErrInvalidParameter, tt.text) })
	}
	e.refused(set(small.ID, signInLog), userpool.ErrFeatureNotInTier, "ESSENTIALS pricing tier configured: Threat Protection")
	e.refused(set("us-east-1_None00001", notificationLog), userpool.ErrPoolNotFound, "does not exist")
	e.ok(set(p.ID, notificationLog, with(func(l *userpool.LogConfiguration) { l.Service, l.ARN = "s3", logBucket })))
	stored, err := e.Pool(t.Context(), p.ID)
	e.ok(err)
	same(t, "configurations", len(stored.Logs), 2)

	// UpdateUserPool has no member for them; it can only leave the tier that they need.
	update := userpool.NewPool("renamed")
	_, err = e.ReplacePool(t.Context(), p.ID, update)
	e.refused(err, userpool.ErrFeatureNotInTier, "Threat Protection")
	update.Tier = userpool.TierPlus
	stored, err = e.ReplacePool(t.Context(), p.ID, update)
	e.ok(err)
	same(t, "configurations", len(stored.Logs), 2)
	e.ok(set(p.ID))
	_, err = e.ReplacePool(t.Context(), p.ID, userpool.NewPool("smaller"))
	e.ok(err)
}

// TestNowhereToLog: what cannot be delivered is not accepted, and a server that was
// restarted without a destination says what it loses.
func TestNowhereToLog(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(plus)
	_, err := e.SetLogs(t.Context(), p.ID, []userpool.LogConfiguration{signInLog})
	e.refused(err, userpool.ErrInvalidParameter, "--log-delivery-dir or --log-delivery-url")
	_, err = e.SetLogs(t.Context(), p.ID, nil)
	e.ok(err)

	var said strings.Builder
	sink := e.withLogs()
	e.Logs.Log = slog.New(slog.NewTextHandler(&said, nil))
	_, err = e.SetLogs(t.Context(), p.ID, []userpool.LogConfiguration{notificationLog})
	e.ok(err)
	c := e.newClient(p, nil)
	lose := func(name string) {
		t.Helper()
		e.mail.broke = errors.New("mail server is down")
		_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: name, Password: password, Attributes: map[string]string{"email": name + "@example.com"}})
		e.refused(err, userpool.ErrCodeDelivery, "")
	}
	e.Logs.Sink = nil
	lose("alice")
	if !strings.Contains(said.String(), "--log-delivery-dir") {
		t.Error("nothing was said:", said.String())
	}
	said.Reset()
	e.Logs.Sink, sink.broke = sink, errors.New("disk full")
	lose("bob")
	if !strings.Contains(said.String(), "disk full") || !strings.Contains(said.String(), logGroup) {
		t.Error(said.String())
	}
}

func TestUndeliveredMessagesAreLogged(t *testing.T) {
	e := newEstate(t)
	sink := e.withLogs()
	p, quiet := e.newPool(nil), e.newPool(nil)
	_, err := e.SetLogs(t.Context(), p.ID, []userpool.LogConfiguration{notificationLog})
	e.ok(err)
	e.mail.broke = errors.New("mail server is down")
	for _, pool := range []*userpool.Pool{p, quiet} {
		_, _, err = e.Service.SignUp(t.Context(), e.newClient(pool, nil), userpool.SignUp{Username: "alice", Password: password, Attributes: map[string]string{"email": "alice@example.com"}})
		e.refused(err, userpool.ErrCodeDelivery, "")
	}
	message, head := sink.only(t, logGroup)
	same(t, "head", head, "USER_NOTIFICATION ERROR "+string(p.ID))
	same(t, "details", message["details"], any("EMAIL message (signup) to a***@e*** was not delivered: mail server is down"))

	sink.events = nil
	e.Logs.GivenUp(t.Context(), p.ID, "SMS", "mfa", "+*******1234", "webhook: status 500")
	message, _ = sink.only(t, logGroup)
	same(t, "details", message["details"], any("SMS message (mfa) to +*******1234 was not delivered: webhook: status 500"))
	sink.events = nil
	e.Logs.GivenUp(t.Context(), quiet.ID, "SMS", "mfa", "+*******1234", "webhook: status 500")
	same(t, "events of a pool without logs", len(sink.events), 0)
}

func TestSignInsAreLogged(t *testing.T) {
	w := newWorld(t)
	sink := &shelf{}
	logs := &userpool.Logbook{Sink: sink, Pools: w.store, Now: w.Now, Log: slog.New(slog.DiscardHandler)}
	w.auth.Risk = &userpool.Risk{Store: w.store, Ephemeral: w.auth.Ephemeral, Logs: logs, Now: w.Now, Log: slog.New(slog.DiscardHandler)}
	w.mfa(userpool.MFAOff, func(p *userpool.Pool) { p.Tier, p.Logs = userpool.TierPlus, []userpool.LogConfiguration{signInLog} })
	ctx := userpool.WithOrigin(t.Context(), userpool.Origin{IP: "192.0.2.9", UserAgent: firefox})
	_, err := w.auth.Initiate(ctx, w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": "wrong"}, "", false)
	if !errors.Is(err, userpool.ErrNotAuthorized) {
		t.Fatal(err)
	}
	message, head := sink.only(t, logStream)
	same(t, "head", head, "USER_AUTH_EVENTS INFO "+string(worldPool))
	for name, want := range map[string]any{"eventType": "SIGN_IN", "userName": "alice", "userSub": w.alice.Sub, "userPoolId": string(worldPool),
		"eventResponse": "Fail", "ipAddress": "192.0.2.9", "deviceName": "Firefox, Windows", "hasContextData": "true", "version": "1"} {
		same(t, name, message[name], want)
	}
	same(t, "challenges", message["challenges"].([]any)[0], any("Password:Failure"))
	if strings.Contains(sink.events[logStream][0], "wrong") {
		t.Error("the password is in the log")
	}
	// Without threat protection the event is in no history, with it in both.
	same(t, "history", w.history(w.alice), "")
	w.mfa(userpool.MFAOff, func(p *userpool.Pool) { p.ThreatProtection = userpool.ThreatsAudit })
	sink.events = nil
	w.mustSignIn()
	if message, _ = sink.only(t, logStream); message["eventResponse"] != "Pass" || w.history(w.alice) == "" {
		t.Error(message, w.history(w.alice))
	}
}

func TestLogResource(t *testing.T) {
	for want, l := range map[string]userpool.LogConfiguration{
		"/aws/vendedlogs/pool": notificationLog, "pool": signInLog, "pool-logs/sign-ins": {Service: "s3", ARN: logBucket},
	} {
		same(t, "resource", l.Resource(), want)
	}
}
