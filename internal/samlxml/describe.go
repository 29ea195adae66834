package samlxml

import (
	"crypto/x509"
	"strconv"
	"time"

	"github.com/crewjam/saml"
)

// An IDPDescription is the metadata of an identity provider as we publish it.
type IDPDescription struct {
	ID            string // of the document, for its signature
	EntityID      string
	ValidUntil    time.Time
	CacheFor      string              // xs:duration, for instance PT6H
	Certificates  []*x509.Certificate // signing, the active one first
	NameIDFormats []string
	SSO           string // one address for Redirect and POST
	SOAPSSO       string // where enhanced clients bring requests by SOAP; may be empty
	SLO           string // the same; may be empty
	SOAPLogout    string // where LogoutRequests come by SOAP; may be empty
	Artifact      string // where artifacts are resolved

	Scopes       []string // of scoped attributes
	Display      Display
	Organization Organization
	Contacts     []Contact
	ErrorURL     string
}

// A Display is how people are shown a provider (SAML V2.0 Metadata Extensions for
// Login and Discovery User Interface). Every member may be empty.
type Display struct {
	Language, Name, Description string
	Logo                        string // address
	LogoWidth, LogoHeight       int    // pixels
	Information, Privacy        string // addresses
}

// An Organization runs a provider. Empty, or all three are there.
type Organization struct{ Name, DisplayName, URL string }

// A Contact is somebody to turn to: technical, support, administrative, billing or other.
type Contact struct{ Kind, Company, GivenName, SurName, Email, Telephone string }

// WriteIDPMetadata writes signed metadata in the order of the schema.
func (s Signer) WriteIDPMetadata(d *IDPDescription) ([]byte, error) {
	var w writer
	w.open("md:EntityDescriptor", "xmlns:md", nsMetadata, "ID", d.ID, "cacheDuration", d.CacheFor,
		"entityID", d.EntityID, "validUntil", Time(d.ValidUntil))
	head := w.String()
	w = writer{}
	w.algorithmSupport()
	w.idpRole(d)
	w.organization(d.Organization, d.Display.language())
	for _, c := range d.Contacts {
		w.contact(c)
	}
	w.close("md:EntityDescriptor")
	whole, err := s.signed(d.ID, head, w.String())
	return []byte(whole), err
}

// algorithmSupport writes what we verify (SAML V2.0 Metadata Profile for Algorithm
// Support).
func (w *writer) algorithmSupport() {
	w.open("md:Extensions")
	for _, uri := range []string{algSHA256, algSHA384, algSHA512} {
		w.leaf("alg:DigestMethod", "", "xmlns:alg", nsAlgorithms, "Algorithm", uri)
	}
	for _, uri := range []string{RSASHA256, RSASHA384, RSASHA512, ECDSASHA256, ECDSASHA384, ECDSASHA512} {
		w.leaf("alg:SigningMethod", "", "xmlns:alg", nsAlgorithms, "Algorithm", uri)
	}
	w.close("md:Extensions")
}

func (w *writer) idpRole(d *IDPDescription) {
	w.open("md:IDPSSODescriptor", "WantAuthnRequestsSigned", "false", "errorURL", d.ErrorURL, "protocolSupportEnumeration", nsProtocol)
	if len(d.Scopes) > 0 || d.Display.Name != "" {
		w.open("md:Extensions")
		for _, scope := range d.Scopes {
			w.leaf("shibmd:Scope", scope, "xmlns:shibmd", nsShibboleth, "regexp", "false")
		}
		w.display(d.Display)
		w.close("md:Extensions")
	}
	for _, cert := range d.Certificates {
		w.key("signing", cert)
	}
	if d.Artifact != "" {
		w.leaf("md:ArtifactResolutionService", "", "Binding", saml.SOAPBinding, "Location", d.Artifact, "index", "0")
	}
	for _, binding := range []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding} {
		if d.SLO != "" {
			w.leaf("md:SingleLogoutService", "", "Binding", binding, "Location", d.SLO)
		}
	}
	if d.SOAPLogout != "" {
		w.leaf("md:SingleLogoutService", "", "Binding", saml.SOAPBinding, "Location", d.SOAPLogout)
	}
	for _, format := range d.NameIDFormats {
		w.leaf("md:NameIDFormat", format)
	}
	for _, binding := range []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding} {
		w.leaf("md:SingleSignOnService", "", "Binding", binding, "Location", d.SSO)
	}
	if d.SOAPSSO != "" {
		w.leaf("md:SingleSignOnService", "", "Binding", saml.SOAPBinding, "Location", d.SOAPSSO)
	}
	w.close("md:IDPSSODescriptor")
}

const (
	nsShibboleth = "urn:mace:shibboleth:metadata:1.0"
	nsUI         = "urn:oasis:names:tc:SAML:metadata:ui"
)

func (d Display) language() string {
	if d.Language == "" {
		return "en"
	}
	return d.Language
}

// display writes UIInfo, or nothing for a provider without a name.
func (w *writer) display(d Display) {
	if d.Name == "" {
		return
	}
	w.open("mdui:UIInfo", "xmlns:mdui", nsUI)
	localised := func(tag, text string) {
		if text != "" {
			w.leaf(tag, text, "xml:lang", d.language())
		}
	}
	localised("mdui:DisplayName", d.Name)
	localised("mdui:Description", d.Description)
	localised("mdui:InformationURL", d.Information)
	localised("mdui:PrivacyStatementURL", d.Privacy)
	if d.Logo != "" {
		w.leaf("mdui:Logo", d.Logo, "height", strconv.Itoa(d.LogoHeight), "width", strconv.Itoa(d.LogoWidth))
	}
	w.close("mdui:UIInfo")
}

func (w *writer) organization(o Organization, language string) {
	if o.Name == "" {
		return
	}
	w.open("md:Organization")
	w.leaf("md:OrganizationName", o.Name, "xml:lang", language)
	w.leaf("md:OrganizationDisplayName", o.DisplayName, "xml:lang", language)
	w.leaf("md:OrganizationURL", o.URL, "xml:lang", language)
	w.close("md:Organization")
}

func (w *writer) contact(c Contact) {
	w.open("md:ContactPerson", "contactType", c.Kind)
	for _, part := range [][2]string{{"md:Company", c.Company}, {"md:GivenName", c.GivenName}, {"md:SurName", c.SurName},
		{"md:EmailAddress", c.Email}, {"md:TelephoneNumber", c.Telephone}} {
		if part[1] != "" {
			w.leaf(part[0], part[1])
		}
	}
	w.close("md:ContactPerson")
}
