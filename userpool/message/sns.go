package message

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// SNS hands text messages to Amazon SNS, or to what speaks its Publish operation,
// as transactional messages.
type SNS struct {
	Endpoint        string // https://sns.eu-west-1.amazonaws.com
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	SenderID        string // shown as the sender where the recipient's country allows it; may be empty
	Client          *outbound.Client
	Now             func() time.Time
}

// Deliver implements Transport. Every refusal is worth another try, because the
// status alone does not tell a throttled call from a number that is wrong. SNS has
// no way to tell a repetition by its id.
func (s *SNS) Deliver(ctx context.Context, _ string, m userpool.Mail) error {
	body := []byte(s.form(m).Encode())
	header, err := s.sign(ctx, body)
	if err != nil {
		return fmt.Errorf("sns: %w", err)
	}
	status, err := s.Client.Post(ctx, s.Endpoint, header, body)
	switch {
	case err != nil:
		return fmt.Errorf("sns: %w", withoutAddress(err))
	case status/100 != 2:
		return fmt.Errorf("sns: status %d", status)
	}
	return nil
}

func (s *SNS) form(m userpool.Mail) url.Values {
	form := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {m.To}, "Message": {m.Body}}
	attributes := [][2]string{{"AWS.SNS.SMS.SMSType", "Transactional"}}
	if s.SenderID != "" {
		attributes = append(attributes, [2]string{"AWS.SNS.SMS.SenderID", s.SenderID})
	}
	for i, a := range attributes {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i+1)
		form.Set(entry+"Name", a[0])
		form.Set(entry+"Value.DataType", "String")
		form.Set(entry+"Value.StringValue", a[1])
	}
	return form
}

// sign returns the header of a call, signed with Signature Version 4.
func (s *SNS) sign(ctx context.Context, body []byte) (http.Header, error) {
	key := outbound.Key{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	return key.Sign(ctx, s.Endpoint, header, body, "sns", s.Region, s.Now())
}
