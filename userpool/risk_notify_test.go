package userpool_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// notifying is a configuration of one action at every level, with mails.
func notifying(action string, n userpool.NotifyRules) userpool.RiskConfiguration {
	a := &userpool.RiskAction{Action: action, Notify: true}
	return userpool.RiskConfiguration{Takeover: &userpool.TakeoverRules{Low: a, Medium: a, High: a, Notify: &n}}
}

// mailed gives the world a mailbox.
func (w *world) mailed() *mailbox {
	m := &mailbox{}
	w.auth.Messages = m
	return m
}

func TestRiskMails(t *testing.T) {
	own := userpool.NotifyRules{SourceARN: "arn", Block: &userpool.NotifyMail{Subject: "Blocked {username}", HTML: "<p>{username} {ip-address} {city} {country} {device-name}</p>", Text: "x"},
		MFA:      &userpool.NotifyMail{Subject: "Asked", Text: "{login-time}"},
		NoAction: &userpool.NotifyMail{Subject: "Let in", Text: "{city}/{country}/{device-name}/{unknown}"}}
	for _, tt := range []struct {
		action        string
		able          bool
		ip, agent     string
		subject, body string
	}{
		{userpool.RiskBlock, false, abroad, chrome, "Blocked alice", "<p>alice 20.1.1.1 Strasbourg France Chrome, Linux</p>"},
		{userpool.RiskMFARequired, true, abroad, chrome, "Asked", "Mon, 23 Nov 2026 12:00:00 UTC"},
		{userpool.RiskMFARequired, false, abroad, chrome, "Blocked alice", "<p>alice 20.1.1.1 Strasbourg France Chrome, Linux</p>"},
		{userpool.RiskMFAIfConfigured, false, abroad, chrome, "Let in", "Strasbourg/France/Chrome, Linux/{unknown}"},
		{userpool.RiskNoAction, false, "40.1.1.1", "", "Let in", "unknown/unknown/unknown/{unknown}"},
	} {
		w := newRiskWorld(t, userpool.ThreatsEnforced, notifying(tt.action, own))
		m := w.mailed()
		w.atHome()
		if tt.able {
			w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
			w.changeUser("alice", withTOTP)
		}
		outcome(w.from(tt.ip, tt.agent))
		if len(m.sent) != 1 {
			t.Errorf("%s: %d mails", tt.action, len(m.sent))
			continue
		}
		got := m.sent[0]
		body := tt.body
		if tt.action == userpool.RiskMFARequired && tt.able {
			body = w.Now().UTC().Format(time.RFC1123)
		}
		if got.To != "alice@example.com" || got.Subject != tt.subject || got.Body != body || got.HTML != strings.HasPrefix(body, "<") {
			t.Errorf("%s: %+v\nwant %s, %s", tt.action, got, tt.subject, body)
		}
	}
}

// Nobody gets a mail who did not ask, and none goes to an address that nobody has
// shown to own.
func TestNoRiskMails(t *testing.T) {
	quiet := allLevels(userpool.RiskBlock)
	quiet.Takeover.Notify = &userpool.NotifyRules{SourceARN: "arn"}
	loud := notifying(userpool.RiskBlock, userpool.NotifyRules{SourceARN: "arn"})
	for name, tt := range map[string]struct {
		mode   string
		config userpool.RiskConfiguration
		change func(*userpool.User)
		want   int
	}{
		"asked":       {userpool.ThreatsEnforced, loud, func(*userpool.User) {}, 1},
		"not asked":   {userpool.ThreatsEnforced, quiet, func(*userpool.User) {}, 0},
		"audit":       {userpool.ThreatsAudit, loud, func(*userpool.User) {}, 0},
		"no address":  {userpool.ThreatsEnforced, loud, func(u *userpool.User) { delete(u.Attributes, "email") }, 0},
		"not checked": {userpool.ThreatsEnforced, loud, func(u *userpool.User) { u.Attributes["email_verified"] = "false" }, 0},
	} {
		w := newRiskWorld(t, tt.mode, tt.config)
		m := w.mailed()
		w.atHome()
		w.changeUser("alice", tt.change)
		outcome(w.from(abroad, chrome))
		same(t, name, len(m.sent), tt.want)
	}
}

// Somebody who knows the password cannot fill the mailbox.
func TestRiskMailsAreLimited(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, notifying(userpool.RiskBlock, userpool.NotifyRules{SourceARN: "arn"}))
	m := w.mailed()
	w.atHome()
	for range 10 {
		same(t, "sign-in", outcome(w.from(abroad, chrome)), textOut)
	}
	same(t, "mails", len(m.sent), 5)
	w.Advance(time.Hour)
	outcome(w.from(abroad, chrome))
	same(t, "an hour later", len(m.sent), 6)
}

// A mail that cannot be sent changes nothing.
func TestRiskMailsThatFail(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, notifying(userpool.RiskNoAction, userpool.NotifyRules{SourceARN: "arn"}))
	w.mailed().broke = userpool.ErrCodeDelivery
	w.atHome()
	same(t, "sign-in", outcome(w.from(abroad, chrome)), "in")
}

// What a user may have chosen is no markup of a mail.
func TestRiskMailsEscape(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, notifying(userpool.RiskNoAction, userpool.NotifyRules{SourceARN: "arn",
		NoAction: &userpool.NotifyMail{Subject: "{username}", HTML: `<p>{username}</p><a href="{one-click-link-valid}">`}}))
	m := w.mailed()
	w.addUser("<b>eve", func(*userpool.User) {})
	for _, ip := range []string{home, abroad} {
		_, err := w.auth.Initiate(origin(t.Context(), ip, firefox), w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "<b>eve", "PASSWORD": password}, "", false)
		w.check(err)
	}
	if body := m.sent[0].Body; strings.Contains(body, "<b>") || !strings.Contains(body, "&lt;b&gt;eve") || !strings.Contains(body, "&amp;token=") {
		t.Error(body)
	}
}

var riskLinks = regexp.MustCompile(`http://\S+/feedback\?\S+`)

// links returns what the links of a mail carry: that of the user's own word first.
func links(t testing.TB, m userpool.Mail) (valid, invalid url.Values) {
	t.Helper()
	found := riskLinks.FindAllString(m.Body, -1)
	if len(found) != 2 {
		t.Fatalf("links %q of %s", found, m.Body)
	}
	var parsed [2]url.Values
	for i, text := range found {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		parsed[i] = u.Query()
	}
	return parsed[0], parsed[1]
}

// What the links of a mail do: the user's word opens a place, or shuts it and ends
// every sign-in.
func TestFeedbackByMail(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, notifying(userpool.RiskBlock, userpool.NotifyRules{SourceARN: "arn"}))
	m := w.mailed()
	s := w.service()
	w.atHome()
	same(t, "before", outcome(w.from(abroad, chrome)), textOut)
	valid, _ := links(t, m.sent[0])
	same(t, "value", valid.Get("value"), "valid")
	w.check(s.GiveOwnFeedback(t.Context(), worldPool, valid.Get("user_name"), valid.Get("event"), valid.Get("token"), true))
	w.Advance(24 * time.Hour)
	step, err := w.from(abroad, chrome)
	same(t, "after", outcome(step, err), "in")

	events, _, err := w.store.Events(t.Context(), worldPool, w.alice.Sub, "", 1)
	w.check(err)
	token, err := s.FeedbackToken(events[0])
	w.check(err)
	w.check(s.GiveOwnFeedback(t.Context(), worldPool, "alice", events[0].ID, token, false))
	_, err = w.tokens.RefreshFrom(t.Context(), w.client, step.Result.RefreshToken, "")
	if err == nil {
		t.Error("a sign-in that was not the user's goes on")
	}
	same(t, "from there again", outcome(w.from(abroad, chrome)), textOut)
	same(t, "at home", outcome(w.from(home, firefox)), "in")
}

// An administrator's word is not the user's: it ends nothing.
func TestFeedbackByAdministrators(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.atHome()
	step, err := w.from(abroad, chrome)
	w.check(err)
	events, _, err := w.store.Events(t.Context(), worldPool, w.alice.Sub, "", 1)
	w.check(err)
	w.check(w.service().GiveFeedback(t.Context(), worldPool, "alice", events[0].ID, false))
	_, err = w.tokens.RefreshFrom(t.Context(), w.client, step.Result.RefreshToken, "")
	w.check(err)
	w.Advance(24 * time.Hour)
	same(t, "level", w.level(abroad, chrome), "High")
}

// A custom sender gets the facts instead of the user, and no code.
func TestRiskMailsByACustomSender(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, notifying(userpool.RiskBlock, userpool.NotifyRules{SourceARN: "arn"}))
	m := w.mailed()
	l := &lambda{}
	w.auth.Triggers = l.triggers()
	w.auth.Triggers.Codes = boxes{}
	w.changePool(func(p *userpool.Pool) {
		withTriggers("CustomEmailSender")(p)
		p.SenderKey = senderKey
	})
	l.answers("CustomEmailSender", `{}`)
	w.atHome()
	same(t, "sign-in", outcome(w.from(abroad, chrome)), textOut)
	same(t, "mails", len(m.sent), 0)
	var event struct {
		TriggerSource string
		Request       struct {
			Code           *string
			UserAttributes map[string]string
		}
	}
	w.check(json.Unmarshal([]byte(l.last(t, "CustomEmailSender")), &event))
	facts := event.Request.UserAttributes
	same(t, "source", event.TriggerSource, "CustomEmailSender_AccountTakeOverNotification")
	for name, want := range map[string]string{"USER_NAME": "alice", "IP_ADDRESS": abroad, "CITY": "Strasbourg", "COUNTRY": "France", "DEVICE_NAME": "Chrome, Linux",
		"ACCOUNT_TAKE_OVER_ACTION": "BLOCK", "email": ""} {
		same(t, name, facts[name], want)
	}
	if event.Request.Code != nil || !strings.Contains(facts["ONE_CLICK_LINK_VALID"], "value=valid") {
		t.Errorf("%+v", event)
	}
	w.check(w.service().GiveOwnFeedback(t.Context(), worldPool, "alice", facts["EVENT_ID"], facts["FEEDBACK_TOKEN"], true))
}

// What is disowned leaves nobody without habits: the next stranger is still one.
func TestDisownedHabits(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	same(t, "the first is a stranger's", w.level(abroad, firefox), "")
	events, _, err := w.store.Events(t.Context(), worldPool, w.alice.Sub, "", 1)
	w.check(err)
	w.check(w.service().GiveFeedback(t.Context(), worldPool, "alice", events[0].ID, false))
	w.Advance(24 * time.Hour)
	same(t, "from there again", w.level(abroad, firefox), "High")
	w.check(w.service().GiveFeedback(t.Context(), worldPool, "alice", events[0].ID, false))
	same(t, "another device elsewhere", w.level(home, chrome), "High")
	w.Advance(24 * time.Hour)
	same(t, "which is the user's now", w.level(home, chrome), "")
}
