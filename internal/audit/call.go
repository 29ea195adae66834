package audit

import (
	"maps"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// fromAPI converts what the wire layer reports of a call.
func fromAPI(e awsapi.Event) Event {
	c := &e.Call
	out := Event{
		Time: c.Time, Type: APICall, Source: c.Service + ".amazonaws.com", Name: c.Operation,
		Identity: identityOf(c), Region: c.Region, SourceIP: c.SourceIP, UserAgent: c.UserAgent, RequestID: c.RequestID,
		ErrorCode: e.ErrorCode, ErrorText: e.ErrorText, Params: e.Params, Response: e.Response, Extra: c.Notes.Extra,
		ReadOnly: e.ReadOnly, Resources: append(e.Resources, c.Notes.Resources...),
	}
	if params, ok := e.Params.(map[string]any); ok {
		maps.Copy(params, c.Notes.Params)
	}
	if e.ErrorCode != "" {
		out.Response = nil
	}
	return out
}

// identityOf describes who called. Nobody signs what is open to all; then it is
// who the operation found out, or nobody.
func identityOf(call *awsapi.Call) Identity {
	if w := call.Notes.Who; call.Caller == nil && w != nil {
		return Identity{Type: w.Type, PrincipalID: clean(w.PrincipalID), UserName: w.Name, IdentityProvider: clean(w.Provider)}
	}
	return IdentityOf(call.Caller)
}

// IdentityOf describes whom a credential belongs to; nil is nobody.
func IdentityOf(c *awsapi.Caller) Identity {
	if c == nil {
		return Identity{Type: "Unknown", PrincipalID: "Anonymous"}
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
	id.Session = sessionOf(c, id.Type)
	return id
}

// sessionOf describes the session behind temporary credentials; nil for a
// long-term key.
func sessionOf(c *awsapi.Caller, kind string) *Session {
	issued := first(c.Keys, "aws:TokenIssueTime")
	if issued == "" {
		return nil
	}
	s := &Session{Attributes: Attributes{MFA: "false", Created: issued}, SourceIdentity: first(c.Keys, "aws:SourceIdentity")}
	if mfa := first(c.Keys, "aws:MultiFactorAuthPresent"); mfa != "" {
		s.Attributes.MFA = mfa
	}
	if kind == "AssumedRole" {
		role, id := first(c.Keys, "aws:PrincipalArn"), c.UserID
		id, _, _ = strings.Cut(id, ":")
		s.Issuer = &Issuer{Type: "Role", PrincipalID: id, ARN: role, AccountID: c.AccountID, UserName: role[strings.LastIndexByte(role, '/')+1:]}
	}
	if provider := first(c.Keys, "aws:FederatedProvider"); provider != "" && !strings.Contains(provider, ":saml-provider/") {
		s.WebIDFederation = &WebIdentity{Provider: provider, Attributes: claimsOf(c.Keys)}
	}
	return s
}

// claimsOf are the condition keys of the token that a session was given for.
func claimsOf(keys map[string][]string) map[string]string {
	out := map[string]string{}
	for key := range keys {
		for _, claim := range []string{":aud", ":sub", ":amr"} {
			if strings.HasSuffix(key, claim) {
				out[key] = strings.Join(keys[key], ",")
			}
		}
	}
	return out
}

func first(keys map[string][]string, name string) string {
	if v := keys[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
