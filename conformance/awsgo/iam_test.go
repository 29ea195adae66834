package awsgo_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// An iamWorld is one server and its root's client of IAM.
type iamWorld struct {
	*harness.Server
	api       *iam.Client
	authority *harness.Authority // that the server trusts
}

func TestIAM(t *testing.T) {
	authority := harness.NewAuthority(t)
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		s.Ledger = harness.NewLedger(t, "iam")
		w := &iamWorld{Server: s, api: s.Root().IAM, authority: authority}
		w.roles(t)
		w.linkedRoles(t)
		w.users(t)
		w.policies(t)
		w.providers(t)
		t.Run("thumbprints", w.thumbprints)
		t.Run("errors", w.errors)
		t.Run("who may", w.conditions)
		t.Run("terraform", w.terraform)
		t.Run("cloudformation", w.cloudFormation)
		s.Ledger.Test(t, "simulations", "SimulateCustomPolicy SimulatePrincipalPolicy GetContextKeysForCustomPolicy GetContextKeysForPrincipalPolicy", func(t *testing.T) {
			simulateCustom(t, w.api)
			simulatePrincipal(t, w.api)
		})
		t.Run("ledger", s.Ledger.Settle)
	}, harness.Env("SSL_CERT_FILE="+authority.File))
}

const (
	anyTrust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + harness.Account + `"},"Action":"sts:AssumeRole"}]}`
	readThing = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::a b/*"}]}`
	ownPolicy = "arn:aws:iam::" + harness.Account + ":policy/"
	awsPolicy = "arn:aws:iam::aws:policy/"
)

func tag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

// documentIs checks a policy document in an answer, which is percent-encoded.
func documentIs(t *testing.T, got *string, want string) {
	t.Helper()
	doc, err := url.PathUnescape(aws.ToString(got))
	if err != nil || doc != want || *got == want {
		t.Errorf("document %q, want %q encoded", aws.ToString(got), want)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// metadata is that of a pool's identity provider, as a provider of IAM needs it.
func (w *iamWorld) metadata(t *testing.T) *string {
	t.Helper()
	pool, err := w.Root().IDP.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("metadata")})
	must(t, err)
	resp, err := http.Get(w.URL + "/" + *pool.UserPool.Id + "/saml/metadata")
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return aws.String(string(raw))
}

// wide is a policy document of that many characters that count.
func wide(size int) *string {
	const head, tail = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`, `"}}`
	return aws.String(head + strings.Repeat("x", size-len(head)-len(tail)) + tail)
}
