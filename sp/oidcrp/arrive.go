package oidcrp

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A visit is an answer while it is judged.
type visit struct {
	upstream *Upstream
	provider *userpool.Provider
	dialect  *dialect
	details  map[string]string
	at       *endpoints
	memo     *memo
	form     url.Values

	tokens *tokens
	id     object // claims of the ID token
	info   object // what else the provider says of the person
}

// Arrive implements sp.Upstream: it takes the code to the provider and judges what
// comes back.
func (u *Upstream) Arrive(ctx context.Context, answer *sp.Answer) (*sp.Arrival, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := u.newVisit(ctx, answer)
	if err != nil {
		return nil, err
	}
	code, err := v.code()
	if err != nil {
		return nil, err
	}
	if err := v.exchange(ctx, code); err != nil {
		return nil, err
	}
	if v.dialect.openid {
		if err := v.readIDToken(ctx); err != nil {
			return nil, err
		}
	}
	return v.arrival(ctx)
}

func (u *Upstream) newVisit(ctx context.Context, answer *sp.Answer) (*visit, error) {
	p := answer.Provider
	d, err := dialectOf(p)
	if err != nil {
		return nil, err
	}
	v := &visit{upstream: u, provider: p, dialect: d, details: d.detailsOf(p), form: answer.Form}
	if v.memo, err = readMemo(answer.Memo, p); err != nil {
		return nil, err
	}
	if v.at, err = u.locate(ctx, p, d); err != nil {
		return nil, err
	}
	if v.at.issuer != v.memo.Issuer {
		return nil, invalid("%q has another issuer since it was asked", p.Name)
	}
	return v, nil
}

// code reads the answer to an authorization request (RFC 6749 section 4.1.2). Whose
// answer it is comes first: errors can be mixed up as well (RFC 9207 section 2.4).
func (v *visit) code() (string, error) {
	params := map[string]string{}
	for _, name := range []string{"iss", "error", "code", "user"} {
		values := v.form[name]
		if len(values) > 1 || len(values) == 1 && len(values[0]) > maxParameter {
			return "", invalid("the parameter %s", name)
		}
		if len(values) == 1 {
			params[name] = values[0]
		}
	}
	if err := v.checkIssuer(params["iss"]); err != nil {
		return "", err
	}
	if params["error"] != "" {
		return "", refusal(params["error"])
	}
	if params["code"] == "" {
		return "", invalid("no code")
	}
	return params["code"], nil
}

// maxParameter bounds a parameter of an answer, in bytes.
const maxParameter = 8 << 10

// checkIssuer refuses the answer of somebody else (RFC 9207 section 2.4).
func (v *visit) checkIssuer(iss string) error {
	switch {
	case iss == "" && v.at.namesIssuer:
		return invalid("the answer does not say whose it is")
	case iss == "" || v.at.issuer == "", iss == v.at.issuer:
		return nil
	case v.dialect == &microsoft && isTenantOf(iss, v.at.issuer):
		return nil
	case v.dialect == &github && iss == strings.TrimSuffix(v.at.issuer, "/")+"/login/oauth":
		return nil
	}
	return invalid("the answer is of %.200q", iss)
}

// refusal is the error that an authorization response says (RFC 6749 section
// 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6).
func refusal(code string) error {
	as := sp.ErrRefused
	switch code {
	case "server_error", "temporarily_unavailable":
		as = sp.ErrUnreachable
	case "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "invalid_client", "redirect_uri_mismatch":
		as = sp.ErrUnusable
	}
	return fmt.Errorf("%w: the answer is the error %.100q", as, code)
}

// arrival says who came.
func (v *visit) arrival(ctx context.Context) (*sp.Arrival, error) {
	subject, err := v.dialect.profile(ctx, v)
	if err != nil {
		return nil, err
	}
	if !isSubject(subject) {
		return nil, invalid("the subject %.300q", subject)
	}
	claims := v.info.values()
	maps.Copy(claims, v.id.values()) // what is signed comes first
	if err := v.dialect.judge(v, claims); err != nil {
		return nil, err
	}
	a := &sp.Arrival{Subject: subject, Claims: claims, Methods: v.methods(), Inbound: userpool.InboundTokens{
		Response: v.tokens.raw, IDToken: v.id.raw(), UserInfo: v.info.raw()}}
	a.Doubtful = sp.Claims(claims).Doubtful()
	if a.At, err = v.authenticated(); err != nil {
		return nil, err
	}
	a.Session, err = v.session()
	return a, err
}

// maxSubject bounds an identifier (OpenID Connect Core 1.0 section 2), in bytes.
const maxSubject = 255

// isSubject reports whether a text can tell people apart. What JSON cannot spell
// becomes one and the same rune, and so one and the same person.
func isSubject(s string) bool {
	return s != "" && len(s) <= maxSubject && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}

// Bounds of amr.
const (
	maxMethods = 16
	maxMethod  = 32 // bytes
)

// methods are how the person signed in, in the provider's own words: they are what
// it claims, and no proof of a second factor here.
func (v *visit) methods() []string {
	var methods []string
	for _, method := range values(v.id["amr"]) {
		if method != "" && len(method) <= maxMethod && len(methods) < maxMethods {
			methods = append(methods, method)
		}
	}
	return methods
}

// authenticated is when the person signed in. Whoever was to sign in anew must have.
func (v *visit) authenticated() (time.Time, error) {
	raw, ok := v.id["auth_time"]
	if !ok {
		return time.Time{}, nil
	}
	at, err := date(raw)
	switch now := v.upstream.now(); {
	case err != nil:
		return time.Time{}, invalid("auth_time: %v", err)
	case at.After(now.Add(skew)):
		return time.Time{}, invalid("auth_time is to come")
	case v.memo.Force && at.Before(v.memo.At.Add(-skew)):
		return time.Time{}, invalid("the person did not sign in anew")
	}
	return at, nil
}

// first is a claim of one value.
func first(claims map[string][]string, name string) string {
	if v := claims[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}
