// Package apply_test makes a server match the example file, twice, and then
// uses what the file names.
package apply_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/awsclient"
)

const password = "Erikas-own-password-1"

func TestExample(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		file := example(t)
		planned := apply(t, s, file, "--diff")
		if pools := listPools(t, s); len(pools) != 0 {
			t.Fatalf("--diff made pools %v", pools)
		}
		made := apply(t, s, file)
		if !slices.Equal(changes(planned), changes(made)) {
			t.Errorf("--diff announced\n%s\nbut apply did\n%s", planned, made)
		}
		for _, line := range []string{"+ pool Company", "+ domain company of pool Company", "+ client mobile of pool Company", "+ group sales of pool Company",
			"+ user erika of pool Company", "+ user erika of pool Company in group engineering", "+ SAML app Wiki of pool Company", "+ SAML provider Company",
			"+ OpenID provider https://token.actions.githubusercontent.com", "+ role AppUser", "+ identity pool Company app"} {
			if !slices.Contains(changes(made), line) {
				t.Errorf("no line %q in\n%s", line, made)
			}
		}
		if again := apply(t, s, file); again != "Nothing to change.\n" {
			t.Errorf("the second time it says\n%s", again)
		}
		if again := apply(t, s, file, "--diff"); again != "Nothing to change.\n" {
			t.Errorf("--diff of a server that matches says\n%s", again)
		}
		useIt(t, s)
	})
}

// useIt signs in as the user of the file and saves data as the app would.
func useIt(t *testing.T, s *harness.Server) {
	t.Helper()
	root := s.Root()
	pool := listPools(t, s)["Company"]
	client := clientID(t, s, pool, "mobile")
	signedIn, err := s.Anonymous().IDP.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &client,
		AuthParameters: map[string]string{"USERNAME": "erika", "PASSWORD": password}})
	if err != nil {
		t.Fatalf("erika can't sign in: %v", err)
	}
	pools, err := root.Identity.ListIdentityPools(t.Context(), &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(10)})
	if err != nil || len(pools.IdentityPools) != 1 {
		t.Fatalf("identity pools %+v, %v", pools, err)
	}
	identityPool := pools.IdentityPools[0].IdentityPoolId
	logins := map[string]string{"cognito-idp." + harness.Region + ".amazonaws.com/" + pool: *signedIn.AuthenticationResult.IdToken}
	id, err := s.Anonymous().Identity.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: identityPool, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Anonymous().Identity.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	key := &awsclient.Key{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretKey, SessionToken: *out.Credentials.SessionToken}
	app := awsclient.New(s.URL, harness.Region)
	dataset := func(identity string) string {
		return "/identitypools/" + url.PathEscape(*identityPool) + "/identities/" + url.PathEscape(identity) + "/datasets/notes/records"
	}
	if err := app.REST(t.Context(), "GET", dataset(*id.IdentityId), nil, nil, key); err != nil {
		t.Errorf("erika's own dataset: %v", err)
	}
	var refused *awsclient.APIError
	err = app.REST(t.Context(), "GET", dataset(harness.Region+":00000000-0000-4000-8000-000000000000"), nil, nil, key)
	if !errors.As(err, &refused) || refused.Status != 403 {
		t.Errorf("somebody else's dataset: %v", err)
	}
}

// Each change in the file is one line, is applied, and is gone the next time.
func TestChanges(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		file := example(t)
		apply(t, s, file)
		tests := []struct{ name, from, to, want string }{
			{"pool", "MinimumLength: 12", "MinimumLength: 14", "~ pool Company: Policies"},
			{"client", "CallbackURLs: [\"com.example.company:/callback\"]", "CallbackURLs: [\"com.example.company:/back\"]", "~ client mobile of pool Company: CallbackURLs"},
			{"client that has a secret", "LogoutURLs: [\"https://www.example.com/\"]", "LogoutURLs: [\"https://www.example.com/bye\"]", "~ client website of pool Company: LogoutURLs"},
			{"group", "description: Who builds things", "description: Who mends things", "~ group engineering of pool Company: Description"},
			{"user", "given_name: Max", "given_name: Maximilian", "~ user max of pool Company: given_name"},
			{"membership", "    groups: [engineering]", "    groups: [engineering, sales]", "+ user erika of pool Company in group sales"},
			{"SAML app", "SignResponse: true", "SignResponse: false", "~ SAML app Wiki of pool Company: SignResponse"},
			{"OpenID provider", "clientIds: [sts.amazonaws.com]", "clientIds: [sts.amazonaws.com, company]", "~ OpenID provider https://token.actions.githubusercontent.com: client company"},
			{"session duration", "maxSessionDuration: 28800", "maxSessionDuration: 3600", "~ role Employee: maxSessionDuration"},
			{"trust", "amr\": authenticated", "amr\": unauthenticated", "~ role AppUser: trust"},
			{"policy", `"cognito-idp:Describe*"`, `"cognito-idp:Get*"`, "~ role Employee: policy read-directory"},
			{"identity pool", "allowGuests: false", "allowGuests: true", "~ identity pool Company app: AllowUnauthenticatedIdentities"},
			{"logins", "checkSessions: true", "checkSessions: false", "~ identity pool Company app: CognitoIdentityProviders"},
			{"session tags", "principalTags: {mail: email}", "principalTags: {mail: sub}", "~ identity pool Company app: tags of Company"},
			{"roles", "authenticated: AppUser", "authenticated: Employee", "~ identity pool Company app: roles"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				edit(t, file, tt.from, tt.to)
				for _, args := range [][]string{{"--diff"}, nil} {
					out := apply(t, s, file, args...)
					if got := changes(out); !slices.Equal(got, []string{tt.want}) {
						t.Fatalf("apply %v says\n%s\nwant %s", args, out, tt.want)
					}
				}
				if out := apply(t, s, file); out != "Nothing to change.\n" {
					t.Errorf("afterwards it says\n%s", out)
				}
			})
		}
		// Other things of the pool outlive a change of one.
		out, err := s.Root().IDP.DescribeUserPool(t.Context(), &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String(listPools(t, s)["Company"])})
		if err != nil || len(out.UserPool.AutoVerifiedAttributes) != 1 || aws.ToString(out.UserPool.Domain) != "company" {
			t.Errorf("the pool afterwards: %+v, %v", out, err)
		}
		role, err := s.Root().IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("Employee")})
		if err != nil || aws.ToInt32(role.Role.MaxSessionDuration) != 3600 || aws.ToString(role.Role.Description) != "For people who come with a SAML assertion" {
			t.Errorf("the role afterwards: %+v, %v", role, err)
		}
	})
}

// What the file does not name is left alone.
func TestOthersAreLeftAlone(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	f := s.Fixture(t)
	apply(t, s, example(t))
	if pools := listPools(t, s); pools["conformance"] != f.PoolID || pools["Company"] == "" {
		t.Errorf("pools %v", pools)
	}
}

func TestMissingPasswordFileIsNamed(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	file := example(t)
	if err := os.Remove(filepath.Join(filepath.Dir(file), "erika.password")); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, s, file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "erika.password") || !strings.Contains(string(out), "user erika") {
		t.Errorf("%v\n%s", err, out)
	}
	write(t, filepath.Join(filepath.Dir(file), "erika.password"), password+"\n")
	apply(t, s, file) // takes up where it stopped
	useIt(t, s)
}

// example copies the example file, and adds the password that it does not have.
func example(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(harness.Root(t), "docs", "examples"))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "erika.password"), password+"\n")
	return filepath.Join(dir, "company.yaml")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit replaces the first from in a file.
func edit(t *testing.T, name, from, to string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("the example has no %q", from)
	}
	write(t, name, strings.Replace(string(text), from, to, 1))
}

func command(t *testing.T, s *harness.Server, file string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(harness.Binary(t), append([]string{"apply", "-f", file, "--endpoint", s.URL}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+s.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+s.SecretAccessKey)
	return cmd
}

// apply runs the command and returns what it printed.
func apply(t *testing.T, s *harness.Server, file string, args ...string) string {
	t.Helper()
	out, err := command(t, s, file, args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("apply: %v\n%s%s", err, out, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

// changes are the printed lines but for the sum at the end.
func changes(out string) []string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	return lines[:len(lines)-1]
}

func listPools(t *testing.T, s *harness.Server) map[string]string {
	t.Helper()
	out, err := s.Root().IDP.ListUserPools(t.Context(), &cognitoidentityprovider.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	if err != nil {
		t.Fatal(err)
	}
	pools := map[string]string{}
	for _, p := range out.UserPools {
		pools[*p.Name] = *p.Id
	}
	return pools
}

func clientID(t *testing.T, s *harness.Server, pool, name string) string {
	t.Helper()
	out, err := s.Root().IDP.ListUserPoolClients(t.Context(), &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: &pool, MaxResults: aws.Int32(60)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range out.UserPoolClients {
		if *c.ClientName == name {
			return *c.ClientId
		}
	}
	t.Fatalf("pool %s has no client %s", pool, name)
	return ""
}

// What a pool has for life is refused by name; a new custom attribute is added.
func TestSettingsForLife(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	file := filepath.Join(t.TempDir(), "pool.yaml")
	const pool = "pools:\n  - name: P\n    settings:\n      UsernameAttributes: [email]\n      Schema:\n        - {Name: team, AttributeDataType: String, Mutable: true}\n"
	write(t, file, pool)
	apply(t, s, file)
	if out := apply(t, s, file); out != "Nothing to change.\n" {
		t.Errorf("the second time it says\n%s", out)
	}
	write(t, file, pool+"        - {Name: floor, AttributeDataType: String, Mutable: true}\n")
	if out := apply(t, s, file); !slices.Equal(changes(out), []string{"+ attribute floor of pool P"}) {
		t.Errorf("a new attribute:\n%s", out)
	}
	if out := apply(t, s, file); out != "Nothing to change.\n" {
		t.Errorf("afterwards it says\n%s", out)
	}
	edit(t, file, "[email]", "[phone_number]")
	out, err := command(t, s, file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "pool P: UsernameAttributes can't be changed") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Names are how apply finds things: two pools of one name matter if the file
// means them, and a pool behind the first page is found.
func TestManyPools(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	for i := range 62 {
		name := "twin"
		if i > 1 {
			name = fmt.Sprintf("pool-%02d", i)
		}
		if _, err := s.Root().IDP.CreateUserPool(t.Context(), &cognitoidentityprovider.CreateUserPoolInput{PoolName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "pools.yaml")
	text := "pools:\n"
	for i := 2; i < 62; i++ {
		text += fmt.Sprintf("  - name: pool-%02d\n", i)
	}
	write(t, file, text)
	if out := apply(t, s, file, "--diff"); out != "Nothing to change.\n" {
		t.Errorf("pools that are there:\n%s", out)
	}
	write(t, file, "pools:\n  - name: twin\n")
	out, err := command(t, s, file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), `more than one pool called "twin"`) {
		t.Errorf("%v\n%s", err, out)
	}
}
