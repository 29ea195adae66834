package audit

import (
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/redact"
)

// Types of events, as CloudTrail spells them.
const (
	APICall      = "AwsApiCall"
	ServiceEvent = "AwsServiceEvent"  // something the server did by itself
	SignIn       = "AwsConsoleSignIn" // a sign-in at a hosted page or the console
)

// Hidden stands for what must not be recorded: a typed user name that matched
// nobody is often a password.
const Hidden = redact.Hidden

// An Event is something that happened. Empty members are left out of the record.
type Event struct {
	Time      time.Time // now where zero
	Type      string    // APICall where empty
	Source    string    // for instance "cognito-idp.amazonaws.com"
	Name      string    // for instance "AdminCreateUser"
	Identity  Identity
	Region    string
	SourceIP  string
	UserAgent string
	RequestID string

	ErrorCode string
	ErrorText string
	ReadOnly  bool // it changed nothing

	// Params, Response and Extra (additionalEventData) are what JSON is made of,
	// nil where there is none. They hold no secret.
	Params   any
	Response any
	Extra    map[string]any

	Resources []string // ARNs

	intent string // ID of the intent that it takes the place of, or empty
}

// An Identity is who did it: CloudTrail's userIdentity.
type Identity struct {
	Type             string   `json:"type"` // IAMUser, AssumedRole, Root, SAMLUser, WebIdentityUser, Unknown …
	PrincipalID      string   `json:"principalId,omitempty"`
	ARN              string   `json:"arn,omitempty"`
	AccountID        string   `json:"accountId,omitempty"`
	AccessKeyID      string   `json:"accessKeyId,omitempty"`
	UserName         string   `json:"userName,omitempty"`
	IdentityProvider string   `json:"identityProvider,omitempty"`
	Session          *Session `json:"sessionContext,omitempty"`
}

// A Session is what temporary credentials say of how they began.
type Session struct {
	Issuer          *Issuer      `json:"sessionIssuer,omitempty"`
	WebIDFederation *WebIdentity `json:"webIdFederationData,omitempty"`
	Attributes      Attributes   `json:"attributes"`
	SourceIdentity  string       `json:"sourceIdentity,omitempty"`
}

// An Issuer is the role that a session is of.
type Issuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// A WebIdentity is who was given the session for a token.
type WebIdentity struct {
	Provider   string            `json:"federatedProvider"`
	Attributes map[string]string `json:"attributes"`
}

// Attributes of a session. Both are texts in CloudTrail's records.
type Attributes struct {
	MFA     string `json:"mfaAuthenticated"`
	Created string `json:"creationDate"`
}

// userName returns the name that an event is looked up by.
func (id Identity) userName() string {
	if id.UserName != "" {
		return id.UserName
	}
	_, session, _ := strings.Cut(id.PrincipalID, ":")
	return session
}
