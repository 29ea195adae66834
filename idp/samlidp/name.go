package samlidp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// maxName is the longest value of a NameID, in bytes (Kantara SDP-G02).
const maxName = 256

var errNoName = refuse(saml.StatusResponder, saml.StatusUnknownPrincipal, "the account has no name that the app accepts")

// format is the format that the response names the user in: the application's, or
// a persistent or transient one where the request wants that.
func (t *teller) format() string {
	if t.request != nil {
		switch f := t.request.NameIDFormat; f {
		case formatURNs[Persistent], formatURNs[Transient]:
			return f
		}
	}
	return formatURN(t.app.NameIDFormat)
}

// name is the NameID; nil where the app is told none. A persistent or transient one
// means something only between us and the app, so both are named (Core 8.3.7).
func (t *teller) name(ctx context.Context, secret []byte) (*saml.NameID, error) {
	n := &saml.NameID{Format: t.format()}
	if n.Format == NoName {
		return nil, nil
	}
	var err error
	if n.Value, err = t.nameValue(ctx, secret, n.Format); err != nil {
		return nil, err
	}
	if n.Format == formatURNs[Persistent] || n.Format == formatURNs[Transient] {
		n.NameQualifier, n.SPNameQualifier = t.entityID, t.app.EntityID
	}
	return n, nil
}

func (t *teller) nameValue(ctx context.Context, secret []byte, format string) (string, error) {
	configured := format == formatURN(t.app.NameIDFormat)
	switch {
	case format == formatURNs[Transient]:
		return samlxml.NewID(), nil
	case configured && t.app.NameIDAttribute != "":
		return t.nameFrom(t.app.NameIDAttribute)
	case configured && t.app.Settings.NameIDExpression != "":
		return t.nameBy(ctx, t.app.Settings.NameIDExpression)
	case format == formatURNs[Persistent]:
		return pairwise(secret, "name", t.app, t.user.Sub), nil
	case format == formatURNs[EmailAddress]:
		return t.nameFrom("email")
	}
	return t.user.Username, nil
}

// nameFrom names the user by an attribute. An address counts only once it was
// verified: apps take it for the person's, and users can change theirs.
func (t *teller) nameFrom(attribute string) (string, error) {
	value := attributeOf(t.user, attribute)
	if (attribute == "email" || attribute == "phone_number") && t.user.Attributes[attribute+"_verified"] != "true" {
		value = ""
	}
	if value == "" || len(value) > maxName {
		return "", errNoName
	}
	return value, nil
}

// nameBy names the user by an expression, from addresses that were verified alone.
func (t *teller) nameBy(ctx context.Context, expression string) (string, error) {
	program, err := releaseLanguage.Compile(expression)
	if err != nil {
		return "", err
	}
	value, err := program.Text(ctx, t.variables(t.requested(), true))
	if err != nil || value == "" || len(value) > maxName {
		return "", errNoName
	}
	return value, nil
}

// establish notes that an app knows a user by a persistent name, which is derived and
// so needs no keeping. A request that forbids to create one (Core 3.4.1.1) is refused
// where there was none.
func (x *exchange) establish(ctx context.Context, user *userpool.User) error {
	if n := x.told.NameID; n == nil || n.Format != formatURNs[Persistent] {
		return nil
	}
	known, err := x.h.Apps.IsNamed(ctx, x.pool.ID, x.app.ID, user.Sub)
	if err != nil || known {
		return err
	}
	if x.request != nil && x.request.NoCreate {
		return refuse(saml.StatusRequester, saml.StatusInvalidNameIDPolicy, "the user has no name yet, and none may be made")
	}
	return x.h.Apps.AddName(ctx, x.pool.ID, x.app.ID, user.Sub)
}

// pairwise derives an identifier that only this app sees, in letters that
// survive a comparison without case.
func pairwise(secret []byte, purpose string, a *Application, value string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.Join([]string{purpose, string(a.Pool), a.EntityID, value}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:20]))
}
