package userpool_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// boxes is a CodeSealer that shows what it was given.
type boxes struct{}

func (boxes) Encrypt(pool userpool.PoolID, key string, plain []byte) (string, error) {
	return string(pool) + "|" + key + "|" + string(plain), nil
}

const senderKey = "arn:aws:kms:us-east-1:000000000000:key/one"

// withSenders is a pool whose messages functions send.
func withSenders(e *estate) (*lambda, *userpool.Pool) {
	l := &lambda{}
	e.Triggers = l.triggers()
	e.Triggers.Codes = boxes{}
	p := e.newPool(func(p *userpool.Pool) {
		withTriggers("CustomEmailSender", "CustomMessage")(p)
		p.SenderKey = senderKey
	})
	return l, p
}

// A custom sender gets the code, encrypted, instead of the user.
func TestCustomSender(t *testing.T) {
	e := newEstate(t)
	l, p := withSenders(e)
	l.answers("CustomEmailSender", `{}`)
	ctx := userpool.WithClientMetadata(t.Context(), map[string]string{"k": "v"})
	c := e.newClient(p, nil)
	_, d, err := e.Service.SignUp(ctx, c, userpool.SignUp{Username: "bob", Password: password, Attributes: map[string]string{"email": "bob@example.com"}})
	e.ok(err)
	if e.mail.count() != 0 || d.Destination != "b***@e***" {
		t.Errorf("%d mails, delivery %+v", e.mail.count(), d)
	}
	event := l.last(t, "CustomEmailSender")
	code := sixDigits.FindString(event)
	sub := e.user(p.ID, "bob").Sub
	sameJSON(t, event, `{"version":"1","triggerSource":"CustomEmailSender_SignUp","region":"us-east-1","userPoolId":"`+string(p.ID)+`","userName":"bob",
		"callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"`+string(c.ID)+`"},
		"request":{"type":"customEmailSenderRequestV1","code":"`+string(p.ID)+`|`+senderKey+`|`+code+`","clientMetadata":{"k":"v"},
		"userAttributes":{"email":"bob@example.com","email_verified":"false","sub":"`+sub+`","cognito:user_status":"UNCONFIRMED"}},"response":{}}`)
	if strings.Contains(l.sources(), "CustomMessage") {
		t.Error("the text of a message was asked for that the server does not send")
	}
	e.ok(e.ConfirmSignUp(t.Context(), c, "bob", code, false))
}

// A temporary password comes as functions of Cognito know it: escaped.
func TestCustomSenderOfInvitations(t *testing.T) {
	e := newEstate(t)
	l, p := withSenders(e)
	l.answers("CustomEmailSender", `{}`)
	l.answers("CustomMessage", `{}`)
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "eve", Attributes: map[string]string{"email": "eve@example.com", "phone_number": "+15551234567"},
		TemporaryPassword: "A<i>1&password", Mediums: []string{"EMAIL", "SMS"}})
	e.ok(err)
	event := l.last(t, "CustomEmailSender")
	if !strings.Contains(event, `|A\u0026lt;i\u0026gt;1\u0026amp;password"`) || !strings.Contains(event, "CustomEmailSender_AdminCreateUser") {
		t.Error(event)
	}
	if m := e.last("+15551234567"); e.mail.count() != 1 || !strings.Contains(m.Body, "A<i>1&password") {
		t.Errorf("the text message: %+v", m)
	}
}

// A code that is on no way to anybody is a failure.
func TestCustomSenderNotStarted(t *testing.T) {
	e := newEstate(t)
	l, p := withSenders(e)
	l.on("CustomEmailSender", func(map[string]any) (any, error) { return nil, errors.New("down") })
	_, _, err := e.Service.SignUp(t.Context(), e.newClient(p, nil), userpool.SignUp{Username: "bob", Password: password, Attributes: map[string]string{"email": "bob@example.com"}})
	e.refused(err, userpool.ErrCodeDelivery, "")
	e.Triggers.Codes = nil
	_, _, err = e.Service.SignUp(t.Context(), e.newClient(p, nil), userpool.SignUp{Username: "ben", Password: password, Attributes: map[string]string{"email": "ben@example.com"}})
	e.refused(err, userpool.ErrCodeDelivery, "")
}

func TestCustomSenderNeedsAKey(t *testing.T) {
	e := newEstate(t)
	for _, key := range []string{"", "arn:aws:kms:us-east-1:000000000000:alias/one"} {
		p := userpool.NewPool("pool")
		withTriggers("CustomSMSSender")(p)
		p.SenderKey = key
		_, err := e.CreatePool(t.Context(), p, nil)
		e.refused(err, userpool.ErrInvalidParameter, "CustomSMSSender needs KMSKeyID")
	}
}
