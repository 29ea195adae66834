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
// as transactional messages. It makes other calls of SNS for those who need them.
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
	a, err := s.Call(ctx, s.form(m))
	switch {
	case err != nil:
		return err
	case a.Status/100 != 2:
		return fmt.Errorf("sns: status %d", a.Status)
	}
	return nil
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 64 << 10

// Call makes a signed call of an operation that the form names, and returns its
// answer, whatever its status. An error's text holds nothing of the form.
func (s *SNS) Call(ctx context.Context, form url.Values) (*outbound.Answer, error) {
	form.Set("Version", "2010-03-31")
	body := []byte(form.Encode())
	header, err := s.sign(ctx, body)
	if err != nil {
		return nil, fmt.Errorf("sns: %w", err)
	}
	a, err := s.Client.Call(ctx, s.Endpoint, header, body, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("sns: %w", withoutAddress(err))
	}
	return a, nil
}

func (s *SNS) form(m userpool.Mail) url.Values {
	form := url.Values{"Action": {"Publish"}, "PhoneNumber": {m.To}, "Message": {m.Body}}
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
