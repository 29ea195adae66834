package sts

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// An Upstream is a role in another system, of AWS for instance, that a role of ours
// stands for. Whoever may take ours gets the other one's credentials: this server takes
// it for them with a token of its own. What the credentials may do is decided there;
// our role's trust, duration and session policies are asked before.
type Upstream struct {
	RoleARN  string
	Endpoint string // URL of the other system's STS
	Audience string // aud of our token: what the other system knows this server's issuer by

	// Subject says whom the token is about.
	Subject UpstreamSubject
}

// An UpstreamSubject says what is the sub of a token for an upstream role.
type UpstreamSubject string

// The subjects. A user is an identity of an identity pool, or PROVIDER#SUBJECT for
// those who came to STS with a token or an assertion of their own.
const (
	SubjectRole UpstreamSubject = "ROLE" // ARN of our role
	SubjectUser UpstreamSubject = "USER"
)

// subjectMark ends the name of a provider in a subject: it stands in none.
const subjectMark = "#"

// DefaultUpstreamAudience is what AWS's own clients register.
const DefaultUpstreamAudience = "sts.amazonaws.com"

// An UpstreamRequest is what is asked of the other system.
type UpstreamRequest struct {
	Upstream

	Token       string
	SessionName string
	Policy      string // inline session policy, or empty
	PolicyARNs  []string
	Duration    time.Duration
}

// UpstreamSTS takes roles elsewhere. A refusal is ErrUpstreamRefused; ErrIDPCommunication
// is an STS that cannot be reached.
type UpstreamSTS interface {
	AssumeRoleWithWebIdentity(ctx context.Context, in UpstreamRequest) (Credentials, error)
}

// commonPolicies are managed policies that every AWS account has.
var commonPolicies = regexp.MustCompile(`^arn:aws[a-z-]*:iam::aws:policy/`)

var upstreamARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[!-~]{1,512}$`)

// SetUpstream has a role stand for another one. The account's switch for outbound
// federation must be on, as tokens leave the house. Sessions that the role had until now
// end: by a token of their own (IdentityToken) they could be taken for those that go over.
func (s *Service) SetUpstream(ctx context.Context, role string, u Upstream) (*Upstream, error) {
	if u.Audience == "" {
		u.Audience = DefaultUpstreamAudience
	}
	if u.Subject == "" {
		u.Subject = SubjectRole
	}
	if err := u.check(); err != nil {
		return nil, err
	}
	if set, err := s.Settings(ctx); err != nil {
		return nil, err
	} else if !set.Outbound {
		return nil, fail(ErrOutboundDisabled, "Outbound web identity federation is not enabled for this account.")
	}
	_, err := s.modifyRole(ctx, role, func(r *Role) error {
		r.Upstream, r.RevokedBefore = &u, s.now()
		return nil
	})
	return &u, err
}

func (u *Upstream) check() error {
	at, err := url.Parse(u.Endpoint)
	switch {
	case !upstreamARN.MatchString(u.RoleARN):
		return fail(ErrInvalidParameter, "UpstreamRoleArn must be the ARN of a role.")
	case err != nil || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" || at.Scheme != "https" && at.Scheme != "http":
		return fail(ErrInvalidParameter, "Endpoint must be the URL of an STS, for instance https://sts.eu-west-1.amazonaws.com.")
	case u.Subject != SubjectRole && u.Subject != SubjectUser:
		return fail(ErrInvalidParameter, "Subject must be one of: ROLE, USER.")
	}
	return nil
}

// UpstreamOf returns what a role stands for. A role that stands for itself is ErrNotFound.
func (s *Service) UpstreamOf(ctx context.Context, role string) (*Upstream, error) {
	r, err := s.Role(ctx, role)
	if err == nil && r.Upstream == nil {
		err = fail(ErrNotFound, "The role with name "+role+" stands for no other role.")
	}
	if err != nil {
		return nil, err
	}
	return r.Upstream, nil
}

// ClearUpstream has a role stand for itself again.
func (s *Service) ClearUpstream(ctx context.Context, role string) error {
	_, err := s.modifyRole(ctx, role, func(r *Role) error {
		r.Upstream = nil
		return nil
	})
	return err
}

// credentials are those of a granted session: our own, or the other system's.
func (s *Service) credentials(ctx context.Context, a *assumption, g *granted) (Credentials, error) {
	if a.role.Upstream == nil {
		return s.issue(ctx, g.session, g.life)
	}
	token, err := s.upstreamToken(ctx, a, g)
	if err != nil {
		return Credentials{}, err
	}
	in := UpstreamRequest{Upstream: *a.role.Upstream, Token: token, SessionName: a.session, Duration: g.life, Policy: a.spec.Policy}
	for _, arn := range a.spec.PolicyARNs {
		if !commonPolicies.MatchString(arn) {
			return Credentials{}, fail(ErrInvalidParameter, "The role stands for a role of another system, which has no policy "+arn+".")
		}
		in.PolicyARNs = append(in.PolicyARNs, arn)
	}
	return s.Upstream.AssumeRoleWithWebIdentity(ctx, in)
}

// relayedClaims are those of a token for an upstream role. Tags and source identity are
// in it as AWS reads them, so that they hold there as they would here.
type relayedClaims struct {
	*identityClaims

	Tags           *relayedTags `json:"https://aws.amazon.com/tags,omitempty"`
	SourceIdentity string       `json:"https://aws.amazon.com/source_identity,omitempty"`
}

type relayedTags struct {
	Principal  map[string][]string `json:"principal_tags"`
	Transitive []string            `json:"transitive_tag_keys,omitempty"`
}

// upstreamToken signs a token about the session that is to begin. It is good for a
// minute, and for one audience.
func (s *Service) upstreamToken(ctx context.Context, a *assumption, g *granted) (string, error) {
	set, err := s.Settings(ctx)
	if err != nil {
		return "", err
	}
	if !set.Outbound {
		return "", fail(ErrUpstreamRefused, "Outbound web identity federation is not enabled for this account.")
	}
	now := s.Now().UTC().Truncate(time.Second)
	p := &Principal{Kind: RoleSession, Account: s.Account, state: g.session, role: a.role}
	p.identify()
	claims := relayedClaims{SourceIdentity: a.sourceIdentity, identityClaims: s.identityClaims(p,
		&IdentityTokenRequest{Audience: []string{a.role.Upstream.Audience}, Region: s.Region}, now, now.Add(minIdentityToken))}
	if a.role.Upstream.Subject == SubjectUser {
		if a.subject == "" {
			return "", fail(ErrAccessDenied, "The role stands for a role of another system that users of providers alone may take.")
		}
		claims.Subject = a.subject
	}
	if len(a.tags) > 0 {
		claims.Tags = &relayedTags{Principal: map[string][]string{}, Transitive: a.transitive}
		for _, t := range a.tags {
			claims.Tags.Principal[t.Key] = []string{t.Value}
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return s.signOutbound(ctx, jose.RS256, payload)
}
