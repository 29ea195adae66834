package samlsp

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/crewjam/saml"
)

// A session is what is kept of one at a provider, so that it can be ended there, and
// known again when it is ended from there.
type session struct {
	Entity string      // of the provider
	Name   saml.NameID // with everything that qualifies it
	Index  string      `json:",omitempty"`
}

// maxSession is what sp.Arrival allows, in bytes.
const maxSession = 4 << 10

// sessionOf returns what to keep of an assertion; nil without a name to sign out.
func sessionOf(a *saml.Assertion) ([]byte, error) {
	if a.Subject.NameID == nil {
		return nil, nil
	}
	s := session{Entity: a.Issuer.Value, Name: *a.Subject.NameID, Index: a.AuthnStatements[0].SessionIndex}
	raw, err := json.Marshal(s)
	if err == nil && len(raw) > maxSession {
		return nil, errors.New("samlsp: the name or the index of the session is too long")
	}
	return raw, err
}

func readSession(raw []byte) (*session, error) {
	s := new(session)
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, err
	}
	return s, nil
}

// is reports whether a name and indexes, of which none stands for all, are of this
// session (Core 3.7.3.2).
func (s *session) is(entity string, name *saml.NameID, indexes []string) bool {
	return s.Entity == entity && sameName(&s.Name, name, entity) && (len(indexes) == 0 || slices.Contains(indexes, s.Index))
}

// sameName compares names as Core 2.2.2 and 8.3 read them: a qualifier that is left
// out is the provider's own name or ours, a format that is left out any.
func sameName(a, b *saml.NameID, entity string) bool {
	or := func(s, absent string) string {
		if s == "" {
			return absent
		}
		return s
	}
	unspecified := string(saml.UnspecifiedNameIDFormat)
	return a.Value == b.Value && or(a.Format, unspecified) == or(b.Format, unspecified) &&
		or(a.NameQualifier, entity) == or(b.NameQualifier, entity) &&
		(a.SPNameQualifier == b.SPNameQualifier || a.SPNameQualifier == "" || b.SPNameQualifier == "")
}
