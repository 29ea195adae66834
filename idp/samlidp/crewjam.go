package samlidp

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"os"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// provider is crewjam's identity provider for one exchange: it knows one app,
// asks our gate for the session, and makes its assertion with our maker.
func (x *exchange) provider(signer samlxml.Signer) (*saml.IdentityProvider, error) {
	entity, err := url.Parse(x.h.EntityID(x.pool.ID))
	if err != nil {
		return nil, err
	}
	sso, err := url.Parse(x.address())
	if err != nil {
		return nil, err
	}
	return &saml.IdentityProvider{
		Signer: signer.Key, Certificate: signer.Certificate, SignatureMethod: samlxml.RSASHA256,
		MetadataURL: *entity, SSOURL: *sso,
		ServiceProviderProvider: x, AssertionMaker: maker{x},
	}, nil
}

// GetServiceProvider implements saml.ServiceProviderProvider. It shows crewjam
// only the endpoint that was chosen, as one of those that it looks for.
func (x *exchange) GetServiceProvider(_ *http.Request, id string) (*saml.EntityDescriptor, error) {
	if id != x.app.EntityID {
		return nil, os.ErrNotExist
	}
	entity := *x.sp.Entity
	role := entity.SPSSODescriptors[0]
	chosen := x.acs
	chosen.Binding = saml.HTTPPostBinding
	role.AssertionConsumerServices = []saml.IndexedEndpoint{chosen}
	entity.SPSSODescriptors = []saml.SPSSODescriptor{role}
	return &entity, nil
}

// noCertificate stands in where crewjam only compares addresses with metadata of
// its own making.
var noCertificate = &x509.Certificate{}

// validate has crewjam judge the request as well. Its limit on age knows no
// clock skew and was applied already, so its clock is set to the request's.
func (x *exchange) validate() error {
	idp, err := x.provider(samlxml.Signer{Certificate: noCertificate})
	if err != nil {
		return err
	}
	req := &saml.IdpAuthnRequest{IDP: idp, RequestBuffer: x.raw, Now: x.request.IssueInstant}
	if err := req.Validate(); err != nil {
		x.h.Log.Info("saml request refused", "pool", x.pool.ID, "app", x.app.ID, "error", err)
		return refuse(saml.StatusRequester, saml.StatusRequestUnsupported, "the request is not valid")
	}
	return nil
}

// assertion makes the assertion for a session, by way of crewjam's provider.
func (x *exchange) assertion(signer samlxml.Signer, session *saml.Session) (*saml.Assertion, error) {
	idp, err := x.provider(signer)
	if err != nil {
		return nil, err
	}
	req := &saml.IdpAuthnRequest{IDP: idp, RelayState: x.relayState, Now: x.h.Now(), ACSEndpoint: &x.acs,
		ServiceProviderMetadata: x.sp.Entity, SPSSODescriptor: &x.sp.Entity.SPSSODescriptors[0]}
	req.Request.ID = x.inResponseTo()
	if err := idp.AssertionMaker.MakeAssertion(req, session); err != nil {
		return nil, err
	}
	return req.Assertion, nil
}
