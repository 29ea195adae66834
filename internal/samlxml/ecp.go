package samlxml

// nsECP is the namespace of the Enhanced Client or Proxy Profile, and nextActor whoever
// gets an envelope first.
const (
	nsECP     = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	nextActor = "http://schemas.xmlsoap.org/soap/actor/next"
)

// AuthnRequestBySOAP reads the AuthnRequest that an enhanced client brings in a SOAP
// envelope (Profiles 4.2.4.3), and returns it as a document of its own besides, in
// canonical form. Errors match ErrMalformed or ErrTooLarge.
func AuthnRequestBySOAP(raw []byte) (r *AuthnRequest, document []byte, err error) {
	el, err := soapBody(raw, "AuthnRequest")
	if err != nil {
		return nil, nil, err
	}
	r = &AuthnRequest{root: el}
	return r, []byte(canonical(el, nil, nil)), r.decode()
}

// WriteECPResponse writes the envelope with a Response that WriteResponse wrote, for an
// enhanced client (Profiles 4.2.4.5). It is to check that acs is where the app wants to
// be answered. proven says that the app signed its request (ECP 2.0, 2.4.4).
func WriteECPResponse(acs string, proven bool, response []byte) []byte {
	var w writer
	w.leaf("ecp:Response", "", "xmlns:ecp", nsECP, "AssertionConsumerServiceURL", acs, "soap:actor", nextActor, "soap:mustUnderstand", "1")
	if proven {
		w.leaf("ecp:RequestAuthenticated", "", "xmlns:ecp", nsECP, "soap:actor", nextActor)
	}
	return envelope(w.String(), string(response))
}
