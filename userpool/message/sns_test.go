package message_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

func newSNS(endpoint string) *message.SNS {
	return &message.SNS{Endpoint: endpoint + "/", Region: "eu-west-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "hunter2",
		SenderID: "Pool", Client: outbound.New(true), Now: func() time.Time { return noon }}
}

// The call is signed for SNS and says what Publish needs.
func TestSNS(t *testing.T) {
	var form url.Values
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(body))
		if err := verify(r, body, "hunter2"); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	err := newSNS(srv.URL).Deliver(t.Context(), "id1", userpool.Mail{To: "+15551234567", Medium: "SMS", Body: "Your code is 123456. "})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": "+15551234567", "Message": "Your code is 123456. ",
		"MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType", "MessageAttributes.entry.1.Value.StringValue": "Transactional",
		"MessageAttributes.entry.2.Name": "AWS.SNS.SMS.SenderID", "MessageAttributes.entry.2.Value.StringValue": "Pool",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

func verify(r *http.Request, body []byte, secret string) error {
	s, err := sigv4.Parse(r)
	if err != nil {
		return err
	}
	if err := s.CheckScope("sns", noon); err != nil {
		return err
	}
	return s.Verify(r, body, secret, new(sigv4.KeyCache))
}

// No refusal is for good, and none shows the address.
func TestSNSErrors(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	err := newSNS(srv.URL).Deliver(t.Context(), "id", userpool.Mail{To: "+15551234567"})
	if err == nil || errors.Is(err, message.ErrPermanent) || err.Error() != "sns: status 400" {
		t.Error(err)
	}
	srv.Close()
	err = newSNS(srv.URL).Deliver(t.Context(), "id", userpool.Mail{To: "+15551234567"})
	if err == nil || strings.Contains(err.Error(), srv.URL) {
		t.Error(err)
	}
}
