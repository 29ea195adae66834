package saml_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"
	dsig "github.com/russellhaering/goxmldsig"
)

// A crewjamSP is the service provider of github.com/crewjam/saml, with as little
// around it as possible.
type crewjamSP struct {
	saml.ServiceProvider
	pending []string
	user    string
}

func startCrewjam(t *testing.T, metadata []byte) *client {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	idp, err := samlsp.ParseMetadata(metadata)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM, certPEM := spKeyPair(t)
	block, _ := pem.Decode(keyPEM)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	block, _ = pem.Decode(certPEM)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) url.URL {
		u, err := url.Parse(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		return *u
	}
	sp := &crewjamSP{ServiceProvider: saml.ServiceProvider{EntityID: server.URL + "/metadata", Key: key.(*rsa.PrivateKey), Certificate: cert,
		MetadataURL: at("/metadata"), AcsURL: at("/acs"), SloURL: at("/slo"), IDPMetadata: idp, AllowIDPInitiated: true,
		LogoutBindings: []string{saml.HTTPPostBinding}, SignatureMethod: dsig.RSASHA256SignatureMethod, AuthnNameIDFormat: saml.UnspecifiedNameIDFormat}}
	for path, serve := range map[string]func(http.ResponseWriter, *http.Request) error{
		"/metadata": sp.metadata, "/login": sp.login, "/acs": sp.acs, "/who": sp.who, "/logout": sp.logout, "/slo": sp.slo,
		"/forget": func(w http.ResponseWriter, _ *http.Request) error {
			sp.user = ""
			return json.NewEncoder(w).Encode(answer{})
		},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r); err != nil {
				var detail *saml.InvalidResponseError
				if errors.As(err, &detail) {
					err = detail.PrivateErr
				}
				_ = json.NewEncoder(w).Encode(answer{Error: err.Error()})
			}
		})
	}
	c := &client{name: "crewjam/saml", url: server.URL, answer: readJSON, metadata: string(fetch(t, server.URL+"/metadata"))}
	c.login = func(a ask) string { return c.url + "/login?" + a.query().Encode() }
	c.cannot = map[string]string{
		ecdsa:       "goxmldsig reads ECDSA in ASN.1, not as XML Signature has it (goxmldsig#163)",
		aes256:      "xmlenc decrypts AES-128-GCM alone",
		sloSOAP:     "it has no function for it",
		enhanced:    "it knows no PAOS",
		sloOursSOAP: "it has no function for a LogoutRequest (crewjam/saml#523)",
		sloRedirect: "it does not sign the query of a LogoutRequest (crewjam/saml#550)",
		sloOurs:     "it has no function for a LogoutRequest (crewjam/saml#523)",
	}
	return c
}

func (s *crewjamSP) metadata(w http.ResponseWriter, _ *http.Request) error {
	return xml.NewEncoder(w).Encode(s.Metadata())
}

func (s *crewjamSP) login(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	binding := saml.HTTPRedirectBinding
	if q.Get("binding") == "post" {
		binding = saml.HTTPPostBinding
	}
	req, err := s.MakeAuthenticationRequest(s.GetSSOBindingLocation(binding), binding, saml.HTTPPostBinding)
	if err != nil {
		return err
	}
	yes := true
	if q.Has("force") {
		req.ForceAuthn = &yes
	}
	if q.Has("passive") {
		req.IsPassive = &yes
	}
	if f := q.Get("nameid"); f != "" {
		req.NameIDPolicy.Format = &f
	}
	if class := q.Get("acr"); class != "" {
		req.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: "exact", AuthnContextClassRef: class}
	}
	s.pending = append(s.pending, req.ID)
	if binding == saml.HTTPRedirectBinding {
		to, err := req.Redirect(q.Get("rs"), &s.ServiceProvider)
		if err == nil {
			http.Redirect(w, r, to.String(), http.StatusSeeOther)
		}
		return err
	}
	req.Signature = nil
	if err := s.SignAuthnRequest(req); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html")
	_, err = w.Write(req.Post(q.Get("rs")))
	return err
}

func (s *crewjamSP) acs(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	a, err := s.ParseResponse(r, s.pending)
	if err != nil {
		return err
	}
	name, authn := a.Subject.NameID, a.AuthnStatements[0]
	out := answer{User: name.Value, Format: name.Format, Class: authn.AuthnContext.AuthnContextClassRef.Value,
		At: authn.AuthnInstant.String(), Relay: r.PostForm.Get("RelayState")}
	for _, attr := range a.AttributeStatements[0].Attributes {
		for _, v := range attr.Values {
			switch attr.Name {
			case mailAttribute:
				out.Mail = v.Value
			case groupsAttribute:
				out.Groups = append(out.Groups, v.Value)
			}
		}
	}
	s.user = name.Value
	return json.NewEncoder(w).Encode(out)
}

func (s *crewjamSP) who(w http.ResponseWriter, _ *http.Request) error {
	return json.NewEncoder(w).Encode(answer{User: s.user})
}

func (s *crewjamSP) logout(w http.ResponseWriter, _ *http.Request) error {
	page, err := s.MakePostLogoutRequest(s.user, "")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html")
	_, err = w.Write(page)
	return err
}

func (s *crewjamSP) slo(w http.ResponseWriter, r *http.Request) error {
	if err := s.ValidateLogoutResponseRequest(r); err != nil {
		return err
	}
	s.user = ""
	return json.NewEncoder(w).Encode(answer{LoggedOut: saml.StatusSuccess})
}
