package userpool

import (
	"cmp"
	"context"
	"net/url"
	"time"
)

// maxRiskMails is how many mails about risks a user gets in an hour: somebody who
// knows the password must not fill the mailbox.
const maxRiskMails = 5

const nsRiskMails = "risk-mails"

// A riskMail is a kind of mail about a sign-in at risk.
type riskMail struct {
	action string // as custom senders are told
	own    func(*NotifyRules) *NotifyMail
	text   NotifyMail // where the configuration has none
}

// What all mails of ours end with.
const riskDetails = "Account: {username}\nTime: {login-time}\nDevice: {device-name}\nAddress: {ip-address}\nCity: {city}\nCountry: {country}\n\n" +
	"If this was you: {one-click-link-valid}\nIf it was not: {one-click-link-invalid}\n"

var (
	mailBlocked = riskMail{"BLOCK", func(n *NotifyRules) *NotifyMail { return n.Block },
		NotifyMail{Subject: "A sign-in to your account was stopped", Text: "Somebody with your password tried to sign in, and was stopped because it looked unusual.\n\n" + riskDetails}}
	mailChallenged = riskMail{"MFA", func(n *NotifyRules) *NotifyMail { return n.MFA },
		NotifyMail{Subject: "An unusual sign-in to your account", Text: "Somebody with your password began an unusual sign-in and was asked for a second factor.\n\n" + riskDetails}}
	mailAllowed = riskMail{"NO_ACTION", func(n *NotifyRules) *NotifyMail { return n.NoAction },
		NotifyMail{Subject: "An unusual sign-in to your account", Text: "There was an unusual sign-in to your account.\n\n" + riskDetails}}
)

// tell sends the user a mail about an event, where the configuration says so and the
// user has a verified address. That it could not be sent is logged.
func (a *Auth) tell(ctx context.Context, p *Pool, c *Client, u *User, j *judgement, e *Event, kind riskMail) {
	if !j.enforced || j.action() == nil || !j.action().Notify || !u.Verified("email") {
		return
	}
	n, err := a.Ephemeral.Count(ctx, nsRiskMails, a.period(riskKey(u), time.Hour), 1, time.Hour)
	if err == nil && n <= maxRiskMails {
		err = a.sendRiskMail(ctx, notice{p, idOf(c), u, "risk", "AccountTakeOverNotification"}, e, kind, j.config.Takeover.Notify)
	}
	if err != nil {
		a.Log.ErrorContext(ctx, "user was not told of a sign-in at risk", "pool", p.ID, "sub", u.Sub, "error", err)
	}
}

func (a *Auth) sendRiskMail(ctx context.Context, n notice, e *Event, kind riskMail, rules *NotifyRules) error {
	token, err := a.service().FeedbackToken(e)
	if err != nil {
		return err
	}
	facts := riskFacts(n, e, kind, a.Tokens.Issuer(n.pool.ID), token)
	to := n.user.Attributes["email"]
	courier := a.service().courier()
	sent, err := courier.sendCustom(ctx, letter{notice: n, facts: facts, to: map[string]string{"EMAIL": to}}, "EMAIL")
	if sent || err != nil {
		return err
	}
	return courier.deliver(ctx, n.pool, riskText(n, kind, rules, facts, to))
}

// riskFacts are what a mail says, by the names that custom senders know. What is not
// known is not there.
func riskFacts(n notice, e *Event, kind riskMail, issuer, token string) map[string]string {
	link := func(value string) string {
		return issuer + "/feedback?" + url.Values{"user_name": {n.user.Username}, "event": {e.ID}, "token": {token}, "value": {value}}.Encode()
	}
	facts := map[string]string{"EVENT_ID": e.ID, "USER_NAME": n.pool.calls(n.user), "IP_ADDRESS": e.IP, "DEVICE_NAME": e.Device,
		"ACCOUNT_TAKE_OVER_ACTION": kind.action, "FEEDBACK_TOKEN": token, "LOGIN_TIME": e.Created.Format(time.RFC1123),
		"ONE_CLICK_LINK_VALID": link("valid"), "ONE_CLICK_LINK_INVALID": link("invalid")}
	if e.Place != nil {
		facts["CITY"], facts["COUNTRY"] = e.Place.City, e.Place.CountryName
	}
	for name, value := range facts {
		if value == "" {
			delete(facts, name)
		}
	}
	return facts
}

// riskPlaces are the placeholders of these mails, and what they stand for.
var riskPlaces = map[string]string{
	"{username}": "USER_NAME", "{ip-address}": "IP_ADDRESS", "{city}": "CITY", "{country}": "COUNTRY", "{login-time}": "LOGIN_TIME",
	"{device-name}": "DEVICE_NAME", "{one-click-link-valid}": "ONE_CLICK_LINK_VALID", "{one-click-link-invalid}": "ONE_CLICK_LINK_INVALID",
}

// riskText fills the text in. What is not known is said to be so.
func riskText(n notice, kind riskMail, rules *NotifyRules, facts map[string]string, to string) Mail {
	text := kind.text
	if own := kind.own(rules); own != nil {
		text = *own
	}
	var values []string
	for place, fact := range riskPlaces {
		values = append(values, place, cmp.Or(facts[fact], "unknown"))
	}
	m := Mail{Pool: n.pool.ID, To: to, Medium: "EMAIL", Kind: n.kind, HTML: text.HTML != ""}
	m.Subject = fill(text.Subject, values, false)
	m.Body = fill(cmp.Or(text.HTML, text.Text), values, m.HTML)
	return m
}
