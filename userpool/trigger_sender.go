package userpool

import (
	"context"
	"html"
	"strings"
)

// A CodeSealer encrypts codes for the functions of custom senders, in a form that
// they know how to open.
type CodeSealer interface {
	// Encrypt returns plain encrypted under a key, an ARN.
	Encrypt(pool PoolID, key string, plain []byte) (string, error)
}

// senders are the triggers that deliver in place of the server, by medium.
var senders = map[string]struct{ trigger, form string }{
	"EMAIL": {triggerEmailSender, "customEmailSenderRequestV1"},
	"SMS":   {triggerSMSSender, "customSMSSenderRequestV1"},
}

// sendCustom hands a letter to the pool's custom sender of a medium. It reports
// false where there is none. Nobody waits for the function, but it must have been
// started: a code that is on no way to anybody is a failure.
func (c courier) sendCustom(ctx context.Context, l letter, medium string) (bool, error) {
	sender := senders[medium]
	f, ok := l.pool.Triggers[sender.trigger]
	if !ok || l.why == "" {
		return false, nil
	}
	if err := c.triggers.send(ctx, l, sender.trigger, sender.form, f); err != nil {
		c.log.ErrorContext(ctx, "custom sender not started", "pool", l.pool.ID, "medium", medium, "kind", l.kind, "function", f.ARN, "error", err)
		c.logs.undelivered(ctx, l.pool, medium, l.kind, l.mail(Message{}, medium).Destination(), "the custom sender was not started")
		return true, errDelivery
	}
	return true, nil
}

// send starts a function of a custom sender.
func (t *Triggers) send(ctx context.Context, l letter, trigger, form string, f Function) error {
	if t == nil || t.Codes == nil {
		return &InvokeError{Reason: "EndpointNotConfigured"}
	}
	secret := l.secret
	if l.text == TextInvitation {
		secret = html.EscapeString(secret) // as the functions of Cognito get it
	}
	request := struct {
		Type string  `json:"type"`
		Code *string `json:"code"`
		subject
		Client map[string]string `json:"clientMetadata"`
	}{form, nil, subject{l.facts}, metadataOf(ctx).Client}
	if l.facts == nil {
		code, err := t.Codes.Encrypt(l.pool.ID, l.pool.SenderKey, []byte(secret))
		if err != nil {
			return err
		}
		request.Code, request.subject = &code, l.pool.about(l.user)
	}
	return t.start(ctx, l.pool, trigger, f, newEvent(trigger+"_"+l.why, l.client, l.user.Username, request))
}

// checkSenders refuses custom senders without a key that functions can open.
func (p *Pool) checkSenders() error {
	for _, s := range senders {
		if _, ok := p.Triggers[s.trigger]; ok && !strings.Contains(p.SenderKey, ":key/") {
			return invalid("LambdaConfig.%s needs KMSKeyID, the ARN of a key.", s.trigger)
		}
	}
	return nil
}
