package audit

import (
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// Types of events, as CloudTrail spells them.
const (
	APICall      = "AwsApiCall"
	ServiceEvent = "AwsServiceEvent"  // something the server did by itself
	SignIn       = "AwsConsoleSignIn" // a sign-in at a hosted page or the console
)

// Hidden stands for what must not be recorded: a typed user name that matched
// nobody is often a password.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

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

	// Params, Response and Extra are structs or maps. Names of struct fields
	// begin with a small letter in the record; members whose names tell of a
	// secret are hidden.
	Params   any
	Response any
	Extra    any // additionalEventData

	Resources []string // ARNs
}

// An Identity is who did it: CloudTrail's userIdentity.
type Identity struct {
	Type             string // IAMUser, AssumedRole, Root, SAMLUser, WebIdentityUser, Unknown …
	PrincipalID      string
	ARN              string
	AccountID        string
	AccessKeyID      string
	UserName         string
	IdentityProvider string
	SourceIdentity   string
}

// fromAPI converts what the wire layer reports of a call.
func fromAPI(e awsapi.Event) Event {
	return Event{
		Time: e.Call.Time, Type: APICall, Source: e.Call.Service + ".amazonaws.com", Name: e.Call.Operation,
		Identity: identityOf(e.Call.Caller), Region: e.Call.Region, SourceIP: e.Call.SourceIP,
		UserAgent: e.Call.UserAgent, RequestID: e.Call.RequestID,
		ErrorCode: e.ErrorCode, ErrorText: e.ErrorText, Params: lowerMembers(e.Params),
		ReadOnly: e.ReadOnly, Resources: e.Resources,
	}
}

// lowerMembers gives the members of an input that was turned into a map already
// CloudTrail's spelling. Deeper names may be a user's own and stay.
func lowerMembers(params any) any {
	m, ok := params.(map[string]any)
	if !ok {
		return params
	}
	out := make(map[string]any, len(m))
	for name, v := range m {
		if name != "" {
			name = lowerFirst(name)
		}
		out[name] = v
	}
	return out
}

func identityOf(c *awsapi.Caller) Identity {
	if c == nil {
		return Identity{Type: "Unknown"}
	}
	id := Identity{Type: "Unknown", PrincipalID: c.UserID, ARN: c.ARN, AccountID: c.AccountID, AccessKeyID: c.AccessKeyID}
	resource := c.ARN[strings.LastIndexByte(c.ARN, ':')+1:]
	kind, rest, _ := strings.Cut(resource, "/")
	switch kind {
	case "root":
		id.Type = "Root"
	case "user":
		id.Type, id.UserName = "IAMUser", rest[strings.LastIndexByte(rest, '/')+1:]
	case "assumed-role":
		id.Type = "AssumedRole"
	case "federated-user":
		id.Type = "FederatedUser"
	}
	if v := c.Keys["aws:SourceIdentity"]; len(v) > 0 {
		id.SourceIdentity = v[0]
	}
	return id
}

// userName returns the name that an event is looked up by.
func (id Identity) userName() string {
	if id.UserName != "" {
		return id.UserName
	}
	_, session, _ := strings.Cut(id.PrincipalID, ":")
	return session
}
