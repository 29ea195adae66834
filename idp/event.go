package idp

import (
	"context"
	"regexp"

	"github.com/poolhouse/poolhouse/userpool"
)

// The names of events, as CloudTrail has those of Cognito's hosted pages.
const (
	EventSignIn  = "Login_POST"
	EventSignOut = "Logout_GET"
	EventToken   = "Token_POST"

	EventAuthorize = "OAuth2_Authorize_GET" // an app got its answer, or a refusal
	EventSAML      = "SAMLResponse_POST"    // a SAML app got an assertion, or a refusal
	EventDecision  = "Approve_POST"         // a user decided what another device had asked (RFC 8628, CIBA)
)

// An Event is something that happened to a sign-in. It holds no secret.
type Event struct {
	Name      string
	Pool      userpool.PoolID
	Client    userpool.ClientID // empty where no app asked
	Sub       string            // empty where nobody is known
	Username  string
	Provider  string   // that the user came from, or was asked for; empty for the pool itself
	Methods   []string // how the user proved who they are (RFC 8176)
	Grant     string   // of a token request
	Address   string
	UserAgent string
	Error     string // code of a refusal, empty for a success
}

// By notes how the user of a session proved who they are.
func (e *Event) By(s *Session) {
	e.Sub, e.Methods = s.Sub, s.Methods
	if s.Upstream != nil {
		e.Provider = s.Upstream.Provider
	}
}

// An Auditor keeps events. It must not hold up who reports one.
type Auditor interface {
	Record(ctx context.Context, e Event)
}

var clientShape = regexp.MustCompile(`^[A-Za-z0-9_+-]{1,128}$`)

// Record passes an event on to the auditor, if there is one. What cannot be the ID of
// a client is left out: somebody may have put a secret there.
func (s *Sessions) Record(ctx context.Context, e Event) {
	if s.Audit == nil {
		return
	}
	if !clientShape.MatchString(string(e.Client)) {
		e.Client = ""
	}
	e.Grant, e.UserAgent = clip(e.Grant, 64), clip(e.UserAgent, 256)
	s.Audit.Record(ctx, e)
}
