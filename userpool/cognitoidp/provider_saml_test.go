package cognitoidp_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"
	"testing"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// samlParty is the service provider of the pools of a test.
func samlParty(db *sqlstore.DB, tokens *userpool.Tokens) *samlsp.Service {
	return &samlsp.Service{Pools: tokens.Store, Sources: db.SAMLSources(), Fetcher: noDocument{}, Keys: tokens.Keys, Ephemeral: db.Ephemeral(),
		Bases: func(p *userpool.Pool) []string { return []string{"http://127.0.0.1:8080/" + string(p.ID)} },
		Now:   tokens.Now, Log: slog.New(slog.DiscardHandler)}
}

type noDocument struct{}

func (noDocument) FetchNewer(context.Context, string, string, int) (*outbound.Document, error) {
	return nil, errors.New("unreachable")
}

// documents are fetched by their address.
type documents map[string]string

func (d documents) FetchNewer(_ context.Context, address, _ string, _ int) (*outbound.Document, error) {
	if d[address] == "" {
		return nil, errors.New("unreachable")
	}
	return &outbound.Document{Body: []byte(d[address]), ETag: "1"}, nil
}

// metadataOf is the metadata of an identity provider that signs with a pool's key.
func metadataOf(t *testing.T, d *desk, pool string, entity string) string {
	t.Helper()
	cert, err := d.SAML.SigningCertificate(t.Context(), userpool.PoolID(pool))
	if err != nil {
		t.Fatal(err)
	}
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">` +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">` +
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(cert.Raw) + `</X509Certificate></X509Data></KeyInfo>` +
		`</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>` +
		`</IDPSSODescriptor></EntityDescriptor>`
}

func TestSAMLProvider(t *testing.T) {
	d := newDesk(t)
	ctx, p := t.Context(), d.pool(idp.CreateUserPoolInput{})
	file := metadataOf(t, d, *p.Id, "https://idp.example")
	d.SAML.Fetcher = documents{"https://idp.example/metadata": file}
	err := d.provider(p, "File", "SAML", map[string]string{"MetadataFile": file, "EncryptedResponses": "true",
		"SLORedirectBindingURI": "https://evil.example", "ActiveEncryptionCertificate": "x"})
	if err != nil {
		t.Fatal(err)
	}
	got := ok[*idp.DescribeIdentityProviderOutput](t)(d.DescribeIdentityProvider(ctx, &idp.DescribeIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("File")})).IdentityProvider
	same(t, "sign-in address", got.ProviderDetails["SSORedirectBindingURI"], "https://idp.example/sso")
	same(t, "logout address", got.ProviderDetails["SLORedirectBindingURI"], "")
	der, err := base64.StdEncoding.DecodeString(got.ProviderDetails["ActiveEncryptionCertificate"])
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if years := cert.NotAfter.Sub(d.clock.Now()).Hours() / 24 / 365; years < 9.9 || years > 10.1 {
		t.Errorf("valid for %f years", years)
	}
	signing := ok[*idp.GetSigningCertificateOutput](t)(d.GetSigningCertificate(ctx, &idp.GetSigningCertificateInput{UserPoolId: p.Id}))
	if *signing.Certificate == got.ProviderDetails["ActiveEncryptionCertificate"] {
		t.Error("one key signs and decrypts")
	}

	if err := d.provider(p, "Web", "SAML", map[string]string{"MetadataURL": "https://idp.example/metadata"}); err != nil {
		t.Fatal(err)
	}
	src, err := d.SAML.Sources.Source(ctx, userpool.PoolID(*p.Id), "Web")
	if err != nil || string(src.Document) != file || src.ETag != "1" {
		t.Errorf("kept %+v, %v", src, err)
	}
	_, err = d.UpdateIdentityProvider(ctx, &idp.UpdateIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Web"),
		ProviderDetails: map[string]string{"MetadataURL": "https://idp.example/none"}})
	refused(t, err, "InvalidParameterException", "could not be fetched")
	two := `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + file
	two += metadataOf(t, d, *p.Id, "https://other.example") + `</EntitiesDescriptor>`
	refused(t, d.provider(p, "Two", "SAML", map[string]string{"MetadataFile": two}), "InvalidParameterException", "more than one identity provider")
}
