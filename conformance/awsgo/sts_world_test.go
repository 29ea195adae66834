package awsgo_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	stsTrust  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}}`
	allowAny  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	roleARN   = "arn:aws:iam::" + harness.Account + ":role/"
	offRegion = "eu-west-1"
)

// An stsWorld is one server, a user of it, and an identity provider for SAML.
type stsWorld struct {
	*harness.Fixture
	user *harness.AWS
	root *harness.AWS
	idp  *harness.SAMLIDP
}

func newSTSWorld(t *testing.T, s *harness.Server) *stsWorld {
	w := &stsWorld{Fixture: s.Fixture(t), idp: harness.NewSAMLIDP(t)}
	w.root = w.Root()
	ctx := t.Context()
	_, err := w.root.IAM.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("sts-user")})
	must(t, err)
	_, err = w.root.IAM.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("sts-user"), PolicyName: aws.String("all"), PolicyDocument: aws.String(allowAny)})
	must(t, err)
	key, err := w.root.IAM.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("sts-user")})
	must(t, err)
	w.user = w.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	w.role(t, "sts-open", stsTrust)
	provider, err := w.root.IAM.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("sts-idp"), SAMLMetadataDocument: aws.String(w.idp.Metadata())})
	must(t, err)
	w.idp.Provider = *provider.SAMLProviderArn
	w.role(t, "sts-saml", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"`+w.idp.Provider+`"},"Action":"sts:AssumeRoleWithSAML"}}`)
	return w
}

func (w *stsWorld) role(t *testing.T, name, trust string) {
	t.Helper()
	_, err := w.root.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(t, err)
	_, err = w.root.IAM.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("all"), PolicyDocument: aws.String(allowAny)})
	must(t, err)
}

// in sends a call to a region's endpoint, by AWS's name for it.
func (w *stsWorld) in(region string) func(*sts.Options) {
	address := strings.TrimPrefix(w.URL, "http://")
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
	return func(o *sts.Options) {
		o.Region, o.HTTPClient, o.BaseEndpoint = region, client, aws.String("http://sts."+region+".amazonaws.com")
	}
}

// encryptionKey is a new key in PEM, with a certificate to encrypt to it.
func encryptionKey(t *testing.T) (string, *x509.Certificate) {
	i := harness.NewSAMLIDP(t)
	der, err := x509.MarshalPKCS8PrivateKey(i.Key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), i.Certificate
}
