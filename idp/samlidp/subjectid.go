package samlidp

import (
	"context"
	"slices"

	"github.com/crewjam/saml"
)

// The attributes of SAML V2.0 Subject Identifier Attributes, and the entity attribute
// by which an app asks for one of them (2.2, 3.3, 3.4).
const (
	subjectIDName  = "urn:oasis:names:tc:SAML:attribute:subject-id"
	pairwiseIDName = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
	subjectIDAsked = "urn:oasis:names:tc:SAML:profiles:subject-id:req"
)

// The values of Settings.SubjectID.
const (
	subjectID     = "subject-id"
	pairwiseID    = "pairwise-id"
	noSubjectID   = "none"
	anySubjectID  = "any"
	subjectIDFits = "" // what the metadata asks for
)

// subjectIDs returns the subject identifier that the app gets: what it is set to, or
// what its metadata asks for, the one that tells least where any will do. A pool
// without a scope has none to give.
func (t *teller) subjectIDs(ctx context.Context, secret []byte) ([]saml.Attribute, error) {
	kind := t.app.Settings.SubjectID
	if asked := t.party.EntityAttributes[subjectIDAsked]; kind == subjectIDFits && len(asked) == 1 {
		kind = asked[0]
	}
	if kind != subjectID && kind != pairwiseID && kind != anySubjectID {
		return nil, nil
	}
	settings, err := t.store.PoolSettings(ctx, t.user.Pool)
	if err != nil || len(settings.Scopes) == 0 {
		return nil, err
	}
	if kind == subjectID {
		return []saml.Attribute{scoped(subjectIDName, "subject-id", t.user.Sub, settings.Scopes[0])}, nil
	}
	value := pairwise(secret, "pairwise-id", t.app, t.user.Sub)
	return []saml.Attribute{scoped(pairwiseIDName, "pairwise-id", value, settings.Scopes[0])}, nil
}

func scoped(name, friendly, value, scope string) saml.Attribute {
	return saml.Attribute{Name: name, FriendlyName: friendly, NameFormat: formatURI,
		Values: []saml.AttributeValue{{Value: value + "@" + scope}}}
}

func validSubjectID(kind string) bool {
	return slices.Contains([]string{subjectIDFits, noSubjectID, subjectID, pairwiseID}, kind)
}
