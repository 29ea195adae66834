package stsapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// The functions below tell the audit log what CloudTrail's records of STS have
// beyond input and answer.

// noteResources notes what a call is about that nobody signed.
func noteResources(ctx context.Context, arns ...string) {
	call := awsapi.FromContext(ctx)
	call.Notes.Resources = append(call.Notes.Resources, arns...)
}

// noteParams adds to requestParameters. Empty ones are left out.
func noteParams(ctx context.Context, name string, value any, there bool) {
	if !there {
		return
	}
	call := awsapi.FromContext(ctx)
	if call.Notes.Params == nil {
		call.Notes.Params = map[string]any{}
	}
	call.Notes.Params[name] = value
}

// noteChain notes the tags that a session takes over from the caller's.
func noteChain(ctx context.Context, p *sts.Principal) {
	tags := p.TransitiveTags()
	noteParams(ctx, "incomingTransitiveTags", tagMap(tags), len(tags) > 0)
}

// noteBeginning notes what an assertion or a token gave the session.
func noteBeginning(ctx context.Context, b *sts.Beginning) {
	noteParams(ctx, "sAMLAssertionID", b.AssertionID, b.AssertionID != "")
	noteParams(ctx, "principalTags", tagMap(b.Tags), len(b.Tags) > 0)
	noteParams(ctx, "transitiveTagKeys", b.Transitive, len(b.Transitive) > 0)
}

func noteSAMLUser(ctx context.Context, r *sts.SAMLResult) {
	awsapi.FromContext(ctx).Notes.Who = &awsapi.Who{Type: "SAMLUser", PrincipalID: r.NameQualifier + ":" + r.Subject,
		Name: r.Subject, Provider: r.NameQualifier}
	noteBeginning(ctx, r.Beginning)
}

func noteWebIdentityUser(ctx context.Context, r *sts.WebTokenResult) {
	awsapi.FromContext(ctx).Notes.Who = &awsapi.Who{Type: "WebIdentityUser",
		PrincipalID: r.Provider + ":" + r.Audience + ":" + r.Subject, Name: r.Subject, Provider: r.Provider}
	noteBeginning(ctx, r.Beginning)
}

func tagMap(tags []sts.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}
