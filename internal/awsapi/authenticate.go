package awsapi

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// authenticate checks the signature of a signed operation and notes the caller.
// Its order is that of the live STS: scope and time, then the token and its
// binding to the key, then the signature. Public operations may arrive signed;
// their signature is ignored.
func (x *exchange) authenticate() error {
	if x.op.fn.Auth != SigV4 {
		return nil
	}
	s, err := sigv4.Parse(x.r)
	if err == nil {
		err = s.CheckScopeAt(x.at, x.call.Time)
	}
	if err != nil {
		return x.refused(err)
	}
	x.call.Region = s.Region
	secret, caller, err := x.h.cfg.Credentials.Credential(x.r.Context(), s.AccessKeyID, s.SessionToken)
	if err != nil {
		return x.refused(err)
	}
	if caller == nil || secret == "" {
		return errors.New("awsapi: the credential source returned neither caller nor error")
	}
	if err := s.Verify(x.r, x.body, secret, &x.h.keys); err != nil {
		return x.refused(err)
	}
	x.call.Caller, x.token = caller, s.SessionToken
	if x.h.cfg.Used != nil {
		x.h.cfg.Used.RecordUse(x.r.Context(), x.call)
	}
	return nil
}

// refused gives a refusal the form of the protocol. An error that is no refusal
// stays what it is.
func (x *exchange) refused(err error) error {
	var se *sigv4.Error
	if errors.As(err, &se) {
		return x.codec.refusal(signatureError(se))
	}
	var e *Error
	if errors.As(err, &e) {
		return x.codec.refusal(e)
	}
	return err
}

func signatureError(e *sigv4.Error) *Error {
	code := "SignatureDoesNotMatch"
	switch e.Kind {
	case sigv4.Missing:
		code = "MissingAuthenticationToken"
	case sigv4.Incomplete:
		code = "IncompleteSignature"
	}
	return &Error{Status: 403, Code: code, Message: e.Text}
}

// authorize asks whether the caller may do this to that.
func (x *exchange) authorize(ctx context.Context, in any) error {
	if x.op.fn.Auth != SigV4 || x.op.fn.noPolicy {
		return nil
	}
	resource := "*"
	if x.svc.spec.Resource != nil {
		resource = x.svc.spec.Resource(x.op.name, in)
	}
	if resource != "*" {
		x.event.Resources = append(x.event.Resources, resource)
	}
	keys := conditionKeys(x.call, x.r.Referer())
	if x.svc.spec.Keys != nil {
		maps.Copy(keys, x.svc.spec.Keys(x.op.name, in))
	}
	action := x.svc.model.SigningName + ":" + x.op.name
	if err := x.h.cfg.Authorizer.Authorize(ctx, x.call.Caller, action, resource, keys); err != nil {
		return x.refused(err)
	}
	return nil
}

// conditionKeys are the keys that a policy can test: those of the request, and
// those that the credential carries, which win.
func conditionKeys(c *Call, referer string) map[string][]string {
	keys := make(map[string][]string, 8+len(c.Caller.Keys))
	keys["aws:CurrentTime"] = []string{c.Time.Format(time.RFC3339)}
	keys["aws:EpochTime"] = []string{strconv.FormatInt(c.Time.Unix(), 10)}
	keys["aws:PrincipalAccount"] = []string{c.Caller.AccountID}
	keys["aws:RequestedRegion"] = []string{c.Region}
	keys["aws:SecureTransport"] = []string{strconv.FormatBool(c.SecureTransport)}
	keys["aws:SourceIp"] = []string{c.SourceIP}
	if c.UserAgent != "" {
		keys["aws:UserAgent"] = []string{c.UserAgent}
	}
	if referer != "" {
		keys["aws:Referer"] = []string{referer}
	}
	maps.Copy(keys, c.Caller.Keys)
	return keys
}
