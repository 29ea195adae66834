package authz

import (
	"net/http"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Decision is what a proxy was answered, and about what. It holds no query, no
// header and no credential.
type Decision struct {
	ClientIP, UserAgent string
	Host, Method, Path  string // of the request; empty where the proxy did not say
	Rule                string // its path; empty where none fits
	Action, Resource    string // what was put to the policies; empty for tokens

	// Who it was decided for; both nil where nobody proved who they are.
	Signer *sts.Principal
	Token  *userpool.AccessClaims
	Region string // of the signature

	Presented bool   // the request came with something to prove who it is from
	Status    int    // 200, 401, 403, or 500 where there was no decision
	Reason    string // of a refusal

	// Repeated is how many more of the kind came within the minute; this one stands
	// for them.
	Repeated int
}

// Allowed reports whether the request may pass.
func (d *Decision) Allowed() bool { return d.Status == http.StatusOK }

// about notes what a decision is about.
func (d *Decision) about(o *original) {
	d.Host, d.Method, d.Path, d.UserAgent = cut(o.Host), cut(o.Method), cut(o.path), o.UserAgent()
	query := o.URL.Query()
	d.Presented = o.Header.Get("Authorization") != "" || query.Has("X-Amz-Signature") || query.Has("X-Amz-Credential")
}

// maxText bounds, in bytes, what a stranger chose and a log keeps.
const maxText = 1024

func cut(s string) string { return s[:min(len(s), maxText)] }

// who names whom a decision is about, for telling decisions of one kind apart.
func (d *Decision) who() string {
	switch {
	case d.Signer != nil:
		return d.Signer.ARN
	case d.Token != nil:
		return string(d.Token.Pool) + "/" + d.Token.Sub
	}
	return ""
}
