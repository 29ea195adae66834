package sync_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A caller is an identity that signs requests for paths as it writes them.
type caller struct {
	t    *testing.T
	url  string
	id   string
	keys aws.Credentials
}

func enter(t *testing.T, f *harness.Fixture, who harness.Person) *caller {
	t.Helper()
	ctx, app := t.Context(), f.Anonymous()
	in, err := app.IDP.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": who.Username, "PASSWORD": who.Password}})
	if err != nil {
		t.Fatal(err)
	}
	logins := map[string]string{f.LoginProvider(): *in.AuthenticationResult.IdToken}
	id, err := app.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	out, err := app.Identity.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	return &caller{t, f.URL, *id.IdentityId, aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretKey, SessionToken: *c.SessionToken}}
}

// send makes a call for a path that is written as it goes over the wire.
func (c *caller) send(method, path, body string) (status int, answer string) {
	c.t.Helper()
	u, err := url.Parse(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	if u.Path, err = url.PathUnescape(path); err != nil {
		c.t.Fatal(err)
	}
	u.RawPath = path
	r := &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(c.t.Context(), c.keys, r, hex.EncodeToString(sum[:]), "cognito-sync", harness.Region, time.Now()); err != nil {
		c.t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestPaths has an identity whose policy allows everything write paths in ways that
// could lead to another identity's data.
func TestPaths(t *testing.T) {
	f := harness.Start(t, harness.Embedded).Fixture(t)
	wide := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-sync:*","Resource":"*"}]}`
	if _, err := f.Root().IAM.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("AppUser"), PolicyName: aws.String("own"), PolicyDocument: &wide}); err != nil {
		t.Fatal(err)
	}
	alice, bob := enter(t, f, f.Alice), enter(t, f, f.Bob)
	esc := func(id string) string { return strings.ReplaceAll(id, ":", "%3A") }
	pool, a, b := "/identitypools/"+esc(f.IdentityPoolID)+"/identities/", esc(alice.id), esc(bob.id)
	const notes = "/datasets/notes"
	write := func(c *caller, id string) {
		t.Helper()
		status, list := c.send("GET", pool+id+notes+"/records", "")
		var l struct{ SyncSessionToken string }
		if err := json.Unmarshal([]byte(list), &l); err != nil || status != 200 {
			t.Fatalf("%d %s", status, list)
		}
		status, answer := c.send("POST", pool+id+notes, `{"SyncSessionToken":"`+l.SyncSessionToken+`","RecordPatches":[{"Op":"replace","Key":"k","Value":"of `+c.id+`","SyncCount":0}]}`)
		if status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
	}
	write(alice, a)
	write(bob, b)
	for _, path := range []string{pool + a, pool + alice.id, pool + strings.ReplaceAll(alice.id, ":", "%3a"), pool + strings.ReplaceAll(a, "-", "%2D")} {
		if status, answer := alice.send("GET", path+notes+"/records", ""); status != 200 || !strings.Contains(answer, "of "+alice.id) {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	other := strings.ReplaceAll(bob.id, ":", "%253A")
	for _, path := range []string{
		pool + b + notes, pool + bob.id + notes, pool + other + notes, pool + strings.ReplaceAll(alice.id, ":", "%253A") + notes,
		pool + a + "/../" + b + notes, pool + a + "/%2e%2e/" + b + notes, pool + a + "/..%2F" + b + notes,
		pool + a + "%2F..%2F" + b + notes, pool + a + "%2f%2e%2e%2f" + b + notes, pool + a + "%252F..%252F" + b + notes,
		pool + a + "/datasets/..%2F..%2F" + b + "%2Fdatasets%2Fnotes", pool + a + "/datasets/../../" + b + notes,
		pool + a + "/datasets/%2e%2e/%2e%2e/" + b + notes, pool + "/" + b + notes, pool + a + ";" + b + notes, pool + a + "," + b + notes,
		pool + b + "%00" + a + notes, pool + b + "%20" + notes, pool + b + "%23" + a + notes, pool + b + "%3F" + a + notes, pool + b + "." + notes,
		strings.ToUpper(pool) + b + notes, "//identitypools/" + esc(f.IdentityPoolID) + "/identities/" + b + notes,
		pool[:len(pool)-len("/identities/")] + "%2Fidentities%2F" + b + notes, pool + "%2E/" + b + notes, "/" + a + "/.." + pool + b + notes,
	} {
		for _, what := range []struct{ method, path string }{{"GET", path + "/records"}, {"GET", path}, {"DELETE", path}} {
			status, answer := alice.send(what.method, what.path, "")
			if status == 200 || status >= 500 && status != http.StatusNotImplemented || strings.Contains(answer, "of "+bob.id) {
				t.Errorf("%s %s: %d %s", what.method, what.path, status, answer)
			}
		}
	}
	if status, answer := bob.send("GET", pool+b+notes+"/records", ""); status != 200 || !strings.Contains(answer, "of "+bob.id) {
		t.Errorf("bob's own: %d %s", status, answer)
	}
}
