package samlidp

import (
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// assertionLife is how long an app has to accept an assertion.
const assertionLife = 5 * time.Minute

// A maker is a saml.AssertionMaker for the web SSO profile (Profiles 4.1.4.2):
// one bearer confirmation without NotBefore, an audience, the true time of
// sign-in, and no address, because browsers change theirs.
type maker struct{ x *exchange }

var _ saml.AssertionMaker = maker{}

// MakeAssertion implements saml.AssertionMaker.
func (m maker) MakeAssertion(req *saml.IdpAuthnRequest, s *saml.Session) error {
	until := req.Now.Add(assertionLife)
	end := s.ExpireTime
	req.Assertion = &saml.Assertion{
		ID: samlxml.NewID(), IssueInstant: req.Now, Version: "2.0",
		Issuer: saml.Issuer{Value: req.IDP.MetadataURL.String()},
		Subject: &saml.Subject{
			NameID: m.x.told.NameID,
			SubjectConfirmations: []saml.SubjectConfirmation{{
				Method: samlxml.Bearer,
				SubjectConfirmationData: &saml.SubjectConfirmationData{
					Recipient: req.ACSEndpoint.Location, InResponseTo: req.Request.ID, NotOnOrAfter: until,
				},
			}},
		},
		Conditions: &saml.Conditions{
			NotBefore: req.Now, NotOnOrAfter: until,
			AudienceRestrictions: []saml.AudienceRestriction{{Audience: saml.Audience{Value: m.x.app.EntityID}}},
		},
		AuthnStatements: []saml.AuthnStatement{{
			AuthnInstant: s.CreateTime, SessionIndex: s.Index, SessionNotOnOrAfter: &end,
			AuthnContext: saml.AuthnContext{AuthnContextClassRef: &saml.AuthnContextClassRef{Value: m.x.context}},
		}},
		AttributeStatements: []saml.AttributeStatement{{Attributes: m.x.told.Attributes}},
	}
	return nil
}
