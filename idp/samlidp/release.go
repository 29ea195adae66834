package samlidp

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/expr"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// A teller works out what one app is told of one user.
type teller struct {
	directory Directory
	keys      keyring.Ring
	entityID  string // ours
	app       *Application
	party     *party
	store     Store
	request   *samlxml.AuthnRequest // nil where the app did not ask

	user   *userpool.User
	groups []string // all of the user's, if anything asks for them
}

// Told is what an app is told of a user.
type Told struct {
	NameID     *saml.NameID // nil for none
	Attributes []saml.Attribute
	Problems   []Problem
}

// A Problem is why an attribute is not among those told.
type Problem struct {
	Attribute string // its name
	Message   string
	err       error // for the log
}

// tell reads the user's groups, if need be, and applies the application's rules.
func (t *teller) tell(ctx context.Context) (*Told, error) {
	var err error
	if t.groups, err = t.readGroups(ctx); err != nil {
		return nil, err
	}
	secret, err := t.keys.Secret(ctx, "pool/"+string(t.user.Pool)+"/saml-names")
	if err != nil {
		return nil, err
	}
	told := &Told{}
	if told.NameID, err = t.name(ctx, secret); err != nil {
		return nil, err
	}
	told.Attributes, told.Problems = t.release(ctx)
	ids, err := t.subjectIDs(ctx, secret)
	if err != nil {
		return nil, err
	}
	told.Attributes = append(told.Attributes, ids...)
	return told, nil
}

// readGroups reads the user's groups only if a rule asks for them.
func (t *teller) readGroups(ctx context.Context) ([]string, error) {
	wanted := slices.ContainsFunc(t.app.Attributes, func(a Attribute) bool {
		return a.Value == groupsValue || strings.Contains(a.Expression, groupsValue)
	})
	if !wanted && !strings.Contains(t.app.Settings.NameIDExpression, groupsValue) {
		return nil, nil
	}
	all, err := t.directory.GroupsOf(ctx, t.user.Pool, t.user.Username)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
	}
	return names, nil
}

const groupsValue = "groups" // as the value of an attribute

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

// release returns the attributes that the app is told. One that the user has no
// value for is left out; entries of one name and format become one attribute.
func (t *teller) release(ctx context.Context) (out []saml.Attribute, problems []Problem) {
	type key struct{ name, format string }
	at := map[key]int{}
	asked := t.requested()
	var variables map[string]any
	for _, rule := range t.app.Attributes {
		if rule.Expression != "" && variables == nil {
			variables = t.variables(asked, false)
		}
		values, err := t.valuesOf(ctx, rule, variables)
		if err != nil {
			problems = append(problems, Problem{rule.Name, "The expression gave no value: " + plain(err), err})
		}
		if t.app.Settings.OnlyRequested {
			values = asked.allowed(rule, values)
		}
		if len(values) == 0 {
			continue
		}
		k := key{rule.Name, rule.format()}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, saml.Attribute{Name: rule.Name, NameFormat: rule.format(), FriendlyName: rule.FriendlyName})
		}
		for _, v := range values {
			out[i].Values = append(out[i].Values, saml.AttributeValue{Value: v})
		}
	}
	return out, append(problems, asked.missing(out)...)
}

func (t *teller) valuesOf(ctx context.Context, rule Attribute, variables map[string]any) ([]string, error) {
	if rule.Expression != "" {
		program, err := releaseLanguage.Compile(rule.Expression)
		if err != nil {
			return nil, err
		}
		return program.Texts(ctx, variables)
	}
	if text, ok := rule.constant(); ok {
		return []string{text}, nil
	}
	if rule.Value == groupsValue {
		return t.toldGroups(), nil
	}
	if v := attributeOf(t.user, rule.Value); v != "" {
		return []string{v}, nil
	}
	return nil, nil
}

// toldGroups are the groups that the application's filter lets through.
func (t *teller) toldGroups() []string {
	prefixes := t.app.Settings.GroupPrefixes
	if len(prefixes) == 0 && t.party.groups == nil {
		return t.groups
	}
	var told []string
	for _, g := range t.groups {
		if t.party.groups != nil && t.party.groups.MatchString(g) ||
			slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(g, p) }) {
			told = append(told, g)
		}
	}
	return told
}

// variables are the values that expressions see. With verified, an address that
// the user never proved is not among them.
func (t *teller) variables(asked *requested, verified bool) map[string]any {
	user := maps.Clone(t.user.Attributes)
	if user == nil {
		user = map[string]string{}
	}
	user["sub"], user["username"] = t.user.Sub, t.user.Username
	for _, address := range []string{"email", "phone_number"} {
		if verified && user[address+"_verified"] != "true" {
			delete(user, address)
		}
	}
	return map[string]any{
		"user": user, "groups": append([]string{}, t.groups...),
		"app":       map[string]string{"name": t.app.Name, "id": string(t.app.ID), "entityId": t.app.EntityID},
		"requested": asked.names(), "entity": t.party.EntityAttributes,
	}
}

// plain is what an administrator reads of an error of an expression.
func plain(err error) string {
	return strings.TrimPrefix(err.Error(), expr.ErrEvaluate.Error()+": ")
}

// userOf is the user behind a sign-in, who may be signed in to an app.
func (x *exchange) userOf(ctx context.Context, s *idp.Session) (user *userpool.User, err error) {
	if user = x.user; user == nil {
		user, err = x.h.Directory.UserBySub(ctx, x.pool.ID, s.Sub)
	}
	if err != nil && !errors.Is(err, userpool.ErrUserNotFound) {
		return nil, err
	}
	if err != nil || !user.Enabled {
		return nil, refuse(saml.StatusResponder, saml.StatusAuthnFailed, "the account cannot be used")
	}
	return user, nil
}

// session gathers what the app is told of the user behind a sign-in.
func (x *exchange) session(ctx context.Context, s *idp.Session) (*saml.Session, error) {
	user, err := x.userOf(ctx, s)
	if err != nil {
		return nil, err
	}
	t := &teller{directory: x.h.Directory, keys: x.h.Keys, entityID: x.h.EntityID(x.pool.ID), app: x.app, party: x.sp, store: x.h.Apps, request: x.request, user: user}
	if x.told, err = t.tell(ctx); err != nil {
		return nil, err
	}
	if err := x.establish(ctx, user); err != nil {
		return nil, err
	}
	for _, p := range x.told.Problems {
		x.h.Log.WarnContext(ctx, "saml attribute not released", "pool", x.pool.ID, "app", x.app.ID, "attribute", p.Attribute, "reason", p.Message)
	}
	secret, err := x.h.Keys.Secret(ctx, "pool/"+string(x.pool.ID)+"/saml-names")
	if err != nil {
		return nil, err
	}
	name := x.told.NameID
	if x.request != nil && x.request.SubjectNameID != "" && (name == nil || x.request.SubjectNameID != name.Value) {
		return nil, refuse(saml.StatusResponder, saml.StatusUnknownPrincipal, "somebody else is signed in")
	}
	// Apps must not find out from the index that they share a session. It stays while
	// the user signs in again: that is no other session to the app.
	return &saml.Session{ID: string(s.ID), CreateTime: s.AuthTime, ExpireTime: s.Limit,
		Index: pairwise(secret, "session", x.app, string(s.Root))}, nil
}
