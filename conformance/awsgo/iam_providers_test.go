package awsgo_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func (w *iamWorld) providers(t *testing.T) {
	w.Ledger.Test(t, "an OpenID provider", "CreateOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviders AddClientIDToOpenIDConnectProvider "+
		"RemoveClientIDFromOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint TagOpenIDConnectProvider UntagOpenIDConnectProvider "+
		"ListOpenIDConnectProviderTags DeleteOpenIDConnectProvider", w.oidcLife)
	w.Ledger.Test(t, "a SAML provider", "CreateSAMLProvider GetSAMLProvider ListSAMLProviders UpdateSAMLProvider TagSAMLProvider UntagSAMLProvider ListSAMLProviderTags DeleteSAMLProvider", w.samlLife)
}

const thumbprint = "0123456789abcdef0123456789abcdef01234567"

func (w *iamWorld) oidcLife(t *testing.T) {
	ctx := t.Context()
	made, err := w.api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://issuer.example/a"), ClientIDList: []string{"one"},
		ThumbprintList: []string{thumbprint}, Tags: []types.Tag{tag("a", "b")}})
	must(t, err)
	arn := made.OpenIDConnectProviderArn
	same(t, "ARN", *arn, "arn:aws:iam::"+harness.Account+":oidc-provider/issuer.example/a")
	_, err = w.api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("two")})
	must(t, err)
	_, err = w.api.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("one")})
	must(t, err)
	other := thumbprint[1:] + "8"
	_, err = w.api.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{other}})
	must(t, err)
	got, err := w.api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	must(t, err)
	if *got.Url != "issuer.example/a" || got.CreateDate == nil {
		t.Errorf("provider %+v", got)
	}
	same(t, "clients and thumbprints", append(got.ClientIDList, got.ThumbprintList...), []string{"two", other})
	_, err = w.api.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: []types.Tag{tag("c", "d")}})
	must(t, err)
	_, err = w.api.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"a"}})
	must(t, err)
	tags, err := w.api.ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: arn})
	must(t, err)
	same(t, "tags", *tags.Tags[0].Key, "c")
	list, err := w.api.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	must(t, err)
	same(t, "providers", *list.OpenIDConnectProviderList[0].Arn, *arn)
	for range 2 { // to delete it again is no error
		_, err = w.api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
		must(t, err)
	}
}

// privateKey is an RSA key in PEM.
func privateKey(t *testing.T) *string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return aws.String(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func (w *iamWorld) samlLife(t *testing.T) {
	ctx, metadata := t.Context(), w.metadata(t)
	made, err := w.api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("corp"), SAMLMetadataDocument: metadata, Tags: []types.Tag{tag("a", "b")},
		AssertionEncryptionMode: types.AssertionEncryptionModeTypeAllowed, AddPrivateKey: privateKey(t)})
	must(t, err)
	arn := made.SAMLProviderArn
	same(t, "ARN", *arn, "arn:aws:iam::"+harness.Account+":saml-provider/corp")
	read := func() *iam.GetSAMLProviderOutput {
		out, err := w.api.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: arn})
		must(t, err)
		return out
	}
	first := read()
	if *first.SAMLMetadataDocument != *metadata || first.ValidUntil == nil || first.SAMLProviderUUID == nil || len(first.PrivateKeyList) != 1 ||
		first.AssertionEncryptionMode != types.AssertionEncryptionModeTypeAllowed || len(first.Tags) != 1 {
		t.Errorf("provider %+v", first)
	}
	_, err = w.api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, SAMLMetadataDocument: w.metadata(t), AddPrivateKey: privateKey(t),
		AssertionEncryptionMode: types.AssertionEncryptionModeTypeRequired})
	must(t, err)
	_, err = w.api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, RemovePrivateKey: first.PrivateKeyList[0].KeyId})
	must(t, err)
	if now := read(); len(now.PrivateKeyList) != 1 || *now.PrivateKeyList[0].KeyId == *first.PrivateKeyList[0].KeyId ||
		now.AssertionEncryptionMode != types.AssertionEncryptionModeTypeRequired || *now.SAMLMetadataDocument == *metadata {
		t.Errorf("provider %+v", now)
	}
	_, err = w.api.TagSAMLProvider(ctx, &iam.TagSAMLProviderInput{SAMLProviderArn: arn, Tags: []types.Tag{tag("c", "d")}})
	must(t, err)
	_, err = w.api.UntagSAMLProvider(ctx, &iam.UntagSAMLProviderInput{SAMLProviderArn: arn, TagKeys: []string{"a"}})
	must(t, err)
	tags, err := w.api.ListSAMLProviderTags(ctx, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: arn})
	must(t, err)
	same(t, "tags", *tags.Tags[0].Key, "c")
	list, err := w.api.ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
	must(t, err)
	same(t, "providers", *list.SAMLProviderList[0].Arn, *arn)
	_, err = w.api.DeleteSAMLProvider(ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: arn})
	must(t, err)
}

// thumbprints of a provider that is made without any are those of its server.
func (w *iamWorld) thumbprints(t *testing.T) {
	var issuer *httptest.Server
	issuer = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tenant/.well-known/openid-configuration":
			fmt.Fprintf(out, `{"issuer":"%s/tenant","jwks_uri":"%s/keys"}`, issuer.URL, issuer.URL)
		case "/keys":
			fmt.Fprint(out, `{"keys":[]}`)
		default:
			http.NotFound(out, r)
		}
	}))
	cert := w.authority.Server(t, "127.0.0.1")
	issuer.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	issuer.StartTLS()
	t.Cleanup(issuer.Close)
	made, err := w.api.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String(issuer.URL + "/tenant")})
	must(t, err)
	got, err := w.api.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: made.OpenIDConnectProviderArn})
	must(t, err)
	same(t, "thumbprints", got.ThumbprintList, fmt.Sprintf("[%x]", sha1.Sum(cert.Certificate[len(cert.Certificate)-1])))
	_, err = w.api.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String(issuer.URL + "/nobody")})
	harness.WantCode(t, err, "OpenIdIdpCommunicationError", "")
	_, err = w.api.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: made.OpenIDConnectProviderArn})
	must(t, err)
}
