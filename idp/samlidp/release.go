package samlidp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strings"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// session gathers what one app is told of the user behind a sign-in.
func (x *exchange) session(ctx context.Context, s *idp.Session) (*saml.Session, error) {
	user, err := x.h.Directory.UserBySub(ctx, x.pool.ID, s.Sub)
	if err != nil && !errors.Is(err, userpool.ErrUserNotFound) {
		return nil, err
	}
	if err != nil || !user.Enabled {
		return nil, refuse(saml.StatusResponder, saml.StatusAuthnFailed, "the account cannot be used")
	}
	groups, err := x.groups(ctx, user)
	if err != nil {
		return nil, err
	}
	secret, err := x.h.Keys.Secret(ctx, "pool/"+string(x.pool.ID)+"/saml-names")
	if err != nil {
		return nil, err
	}
	out := &saml.Session{
		ID: string(s.ID), CreateTime: s.AuthTime, ExpireTime: s.Limit, UserName: user.Username, Groups: groups,
		// Apps must not find out from it that they share a session.
		Index:            x.pairwise(secret, "session", string(s.ID)),
		NameIDFormat:     x.nameFormat(),
		CustomAttributes: release(x.app.Attributes, user, groups),
	}
	if out.NameID, err = x.nameID(secret, user, out.NameIDFormat); err != nil {
		return nil, err
	}
	if x.request != nil && x.request.SubjectNameID != "" && x.request.SubjectNameID != out.NameID {
		return nil, refuse(saml.StatusResponder, saml.StatusUnknownPrincipal, "somebody else is signed in")
	}
	return out, nil
}

// groups reads the user's groups only if the app is told of them.
func (x *exchange) groups(ctx context.Context, user *userpool.User) ([]string, error) {
	if !slices.ContainsFunc(x.app.Attributes, func(a Attribute) bool { return a.Value == "groups" }) {
		return nil, nil
	}
	all, err := x.h.Directory.GroupsOf(ctx, x.pool.ID, user.Username)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
	}
	return names, nil
}

// nameID names the user to the app.
func (x *exchange) nameID(secret []byte, user *userpool.User, format string) (string, error) {
	configured := format == formatURN(x.app.NameIDFormat)
	switch {
	case format == formatURNs[Transient]:
		return samlxml.NewID(), nil
	case configured && x.app.NameIDAttribute != "":
		return x.nameFrom(user, x.app.NameIDAttribute)
	case format == formatURNs[Persistent]:
		return x.pairwise(secret, "name", user.Sub), nil
	case format == formatURNs[EmailAddress]:
		return x.nameFrom(user, "email")
	}
	return user.Username, nil
}

// nameFrom names the user by an attribute. An address counts only once it was
// verified: apps take it for the person's, and users can change theirs.
func (x *exchange) nameFrom(user *userpool.User, attribute string) (string, error) {
	value := attributeOf(user, attribute)
	if (attribute == "email" || attribute == "phone_number") && user.Attributes[attribute+"_verified"] != "true" {
		value = ""
	}
	if value == "" || len(value) > 256 {
		return "", refuse(saml.StatusResponder, saml.StatusUnknownPrincipal, "the account has no name that the app accepts")
	}
	return value, nil
}

// pairwise derives an identifier that only this app sees, in letters that
// survive a comparison without case.
func (x *exchange) pairwise(secret []byte, purpose, value string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.Join([]string{purpose, string(x.pool.ID), x.app.EntityID, value}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:20]))
}

// attributeOf reads one attribute of a user. The username and the sub are
// attributes too, as in Cognito's mappings.
func attributeOf(user *userpool.User, name string) string {
	switch name {
	case "sub":
		return user.Sub
	case "username", "cognito:username":
		return user.Username
	}
	return user.Attributes[name]
}

// release returns the attributes that an app is told. One that the user has no
// value for is left out; entries of one name and format become one attribute.
func release(rules []Attribute, user *userpool.User, groups []string) []saml.Attribute {
	type key struct{ name, format string }
	at := map[key]int{}
	var out []saml.Attribute
	for _, rule := range rules {
		values := valuesOf(rule, user, groups)
		if len(values) == 0 {
			continue
		}
		k := key{rule.Name, rule.NameFormat}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, saml.Attribute{Name: rule.Name, NameFormat: rule.NameFormat})
		}
		for _, v := range values {
			out[i].Values = append(out[i].Values, saml.AttributeValue{Value: v})
		}
	}
	return out
}

func valuesOf(rule Attribute, user *userpool.User, groups []string) []string {
	if text, ok := rule.constant(); ok {
		return []string{text}
	}
	if rule.Value == "groups" {
		return groups
	}
	if v := attributeOf(user, rule.Value); v != "" {
		return []string{v}
	}
	return nil
}
