// Package s3gateway_test runs S3 clients against an unmodified versitygw that asks
// Poolhouse whose a request is and what it may do.
package s3gateway_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/tour"
)

// What a gateway signs its calls to Poolhouse with, and its own root key.
const (
	gatewayKey    = "GATEWAY-ONE"
	gatewaySecret = "the-secret-of-gateway-one"
	rootKey       = "gateway-root"
	rootSecret    = "the-secret-of-the-gateway's-root"
)

// program is what scripts/install.sh builds.
const program = ".run/tools/versitygw-v1.8.0"

// secretFile holds the secret of the gateway's key.
func secretFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(gatewaySecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A gateway is a running versitygw.
type gateway struct {
	URL string
	log *harness.Log
}

// startGateway starts a gateway on an empty directory that asks at endpoint.
func startGateway(t *testing.T, endpoint string, args ...string) *gateway {
	t.Helper()
	binary := filepath.Join(harness.Root(t), program)
	if _, err := os.Stat(binary); err != nil {
		harness.Missing(t, program+" is not there; run scripts/install.sh")
	}
	addr := harness.FreeAddress(t)
	g := &gateway{URL: "http://" + addr, log: new(harness.Log)}
	args = append([]string{"--port", addr, "--region", harness.Region, "--iam-standalone-endpoint", endpoint}, args...)
	cmd := exec.Command(binary, append(args, "posix", "--sidecar", t.TempDir(), t.TempDir())...)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+rootKey, "ROOT_SECRET_KEY="+rootSecret,
		"VGW_IAM_STANDALONE_ACCESS="+gatewayKey, "VGW_IAM_STANDALONE_SECRET="+gatewaySecret)
	cmd.Stdout, cmd.Stderr = g.log, g.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		cmd.Wait()
		if t.Failed() {
			t.Logf("gateway log:\n%s", g.log)
		}
	})
	// Printed once the gateway has understood the answer to its first call.
	g.log.WaitFor(t, "private protocol 1")
	harness.Until(t, 10*time.Second, func() string { return "the gateway listens\n" + g.log.String() }, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return g
}

// env is what the scripts are told.
func (g *gateway) env(f *harness.Fixture, more ...string) []string {
	return append(append(f.Env(), more...), "S3_URL="+g.URL, "S3_ROOT_KEY="+rootKey, "S3_ROOT_SECRET="+rootSecret)
}

// A credential is what a session signs with.
type credential struct{ id, secret, token string }

func (c credential) env(prefix string) []string {
	return []string{prefix + "_KEY=" + c.id, prefix + "_SECRET=" + c.secret, prefix + "_TOKEN=" + c.token}
}

// shortSession returns a session that may do everything for two seconds: its
// identity provider says how long it lasts.
func shortSession(t *testing.T, f *harness.Fixture) credential {
	t.Helper()
	ctx, root := t.Context(), f.Root().IAM
	idp, err := tour.NewIssuer("https://short.example.com")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := root.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("short"), SAMLMetadataDocument: aws.String(idp.Metadata())})
	if err != nil {
		t.Fatal(err)
	}
	role, err := root.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("short"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"` + *provider.SAMLProviderArn + `"}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = root.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("short"), PolicyName: aws.String("s3"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	assertion, err := idp.Assertion(*role.Role.Arn, *provider.SAMLProviderArn, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Anonymous().STS.AssumeRoleWithSAML(ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: role.Role.Arn, PrincipalArn: provider.SAMLProviderArn, SAMLAssertion: &assertion})
	if err != nil {
		t.Fatal(err)
	}
	return credential{*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken}
}

// wantUntold fails where a log has one of the secrets.
func wantUntold(t *testing.T, log string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(log, s) {
			t.Errorf("a log tells %q", s)
		}
	}
}
