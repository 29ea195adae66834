package server

import (
	"context"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/audit"
)

// An auditor writes what happens to sign-ins into the event log.
type auditor struct {
	log             *audit.Log
	region, account string
}

var _ idp.Auditor = auditor{}

// Record implements idp.Auditor.
func (a auditor) Record(ctx context.Context, e idp.Event) {
	markReported(ctx)
	kind := audit.ServiceEvent
	if e.Name == idp.EventSignIn {
		kind = audit.SignIn
		if e.Error != "" && e.Username == "" {
			e.Username = audit.Hidden // what was typed may be a password
		}
	}
	extra := params("userPoolId", string(e.Pool), "clientId", string(e.Client), "sub", e.Sub, "grantType", e.Grant, "identityProvider", e.Provider)
	if len(e.Methods) > 0 {
		extra["methods"] = e.Methods
	}
	a.log.Add(context.WithoutCancel(ctx), audit.Event{Type: kind, Source: "cognito-idp.amazonaws.com", Name: e.Name,
		Identity: audit.Identity{Type: "Unknown", PrincipalID: principal(e.Sub), AccountID: a.account, UserName: e.Username},
		SourceIP: e.Address, UserAgent: e.UserAgent, ErrorCode: e.Error, Extra: extra,
		Resources: []string{"arn:aws:cognito-idp:" + a.region + ":" + a.account + ":userpool/" + string(e.Pool)}})
}

// principal is who a sign-in is about, as far as anybody is known.
func principal(sub string) string {
	if sub == "" {
		return "Anonymous"
	}
	return sub
}
