package server_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/pquerna/otp/totp"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

type obj = map[string]any

// answer is that of a step of a sign-in.
type answer struct {
	ChallengeName        string
	ChallengeParameters  map[string]string
	Session              string
	AuthenticationResult struct{ AccessToken string }
}

// native calls an operation of the user pools as the root user, which those of
// apps do not look at.
func native(t *testing.T, s *server.Server, op string, in, out any) {
	t.Helper()
	client := awsclient.New(s.URL(), demodata.Region)
	root := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	if err := client.JSON(t.Context(), "AWSCognitoIdentityProviderService."+op, in, out, root); err != nil {
		t.Fatalf("%s: %v", op, err)
	}
}

func byPassword(t *testing.T, s *server.Server, p demodata.Person) (a answer) {
	t.Helper()
	native(t, s, "InitiateAuth", obj{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": demodata.ClientID,
		"AuthParameters": obj{"USERNAME": p.Username, "PASSWORD": p.Password}}, &a)
	return a
}

func bySRP(t *testing.T, s *server.Server, p demodata.Person) (a answer) {
	t.Helper()
	half := srp.NewClient()
	var challenge answer
	native(t, s, "InitiateAuth", obj{"AuthFlow": "USER_SRP_AUTH", "ClientId": demodata.ClientID,
		"AuthParameters": obj{"USERNAME": p.Username, "SRP_A": half.Public.Text(16)}}, &challenge)
	_, group, _ := strings.Cut(demodata.PoolID, "_")
	answers, err := half.Answer(group, p.Password, challenge.ChallengeParameters, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	native(t, s, "RespondToAuthChallenge", obj{"ChallengeName": challenge.ChallengeName, "ClientId": demodata.ClientID,
		"ChallengeResponses": answers}, &a)
	return a
}

// withTOTP gives a person an authenticator app and returns its key.
func withTOTP(t *testing.T, s *server.Server, p demodata.Person) (key string) {
	t.Helper()
	native(t, s, "SetUserPoolMfaConfig", obj{"UserPoolId": demodata.PoolID, "MfaConfiguration": "OPTIONAL",
		"SoftwareTokenMfaConfiguration": obj{"Enabled": true}}, &struct{}{})
	token := byPassword(t, s, p).AuthenticationResult.AccessToken
	var app struct{ SecretCode string }
	native(t, s, "AssociateSoftwareToken", obj{"AccessToken": token}, &app)
	native(t, s, "VerifySoftwareToken", obj{"AccessToken": token, "UserCode": codeOf(t, app.SecretCode, time.Now())}, &struct{}{})
	native(t, s, "SetUserMFAPreference", obj{"AccessToken": token,
		"SoftwareTokenMfaSettings": obj{"Enabled": true, "PreferredMfa": true}}, &struct{}{})
	return app.SecretCode
}

func codeOf(t *testing.T, key string, at time.Time) string {
	t.Helper()
	out, err := totp.GenerateCode(key, at)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// jwks returns the published keys of the demo's pool.
func jwks(t *testing.T, s *server.Server) string {
	t.Helper()
	resp, err := http.Get(s.URL() + "/" + demodata.PoolID + "/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	return string(out)
}

// People sign in on a server that was filled from the export of another, which
// had another engine and another master key, as they did there; with the same
// signing keys. Nothing of a secret is legible in the file.
func TestMoving(t *testing.T) {
	servertest.Each(t, func(t *testing.T, to servertest.Profile) {
		from := servertest.Shared
		if to == servertest.Shared {
			from = servertest.Embedded
		}
		old := servertest.Config(t, from)
		s, stop := servertest.Open(t, old, servertest.Options{Demo: true})
		bySRP(t, s, demodata.Bob)
		key, published := withTOTP(t, s, demodata.Alice), jwks(t, s)
		stop()

		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		x := &server.Export{Recipients: []age.Recipient{id.Recipient()}}
		counts, err := x.Write(context.Background(), old, &file)
		if err != nil || counts["user"] < 2 || counts["role"] == 0 || counts["audit"] != 0 {
			t.Fatal(counts, err)
		}
		checkSealed(t, file.Bytes(), id, key)

		later := func() time.Time { return time.Now().Add(time.Minute) } // the code of before was used
		fresh := servertest.Config(t, to)
		if _, err := server.Restore(context.Background(), fresh, &file, nil, id); err != nil {
			t.Fatal(err)
		}
		s, stop = servertest.Open(t, fresh, servertest.Options{Now: later})
		defer stop()
		for how, a := range map[string]answer{"password": byPassword(t, s, demodata.Bob), "SRP": bySRP(t, s, demodata.Bob)} {
			if a.AuthenticationResult.AccessToken == "" {
				t.Errorf("by %s: %+v", how, a)
			}
		}
		step := byPassword(t, s, demodata.Alice)
		if step.ChallengeName != "SOFTWARE_TOKEN_MFA" {
			t.Fatalf("after the password: %+v", step)
		}
		var done answer
		native(t, s, "RespondToAuthChallenge", obj{"ChallengeName": step.ChallengeName, "ClientId": demodata.ClientID, "Session": step.Session,
			"ChallengeResponses": obj{"USERNAME": demodata.Alice.Username, "SOFTWARE_TOKEN_MFA_CODE": codeOf(t, key, later())}}, &done)
		if done.AuthenticationResult.AccessToken == "" {
			t.Errorf("with TOTP: %+v", done)
		}
		if jwks(t, s) != published {
			t.Error("other signing keys")
		}
	})
}

// checkSealed looks for what is in the plain text of an export in its file.
func checkSealed(t *testing.T, file []byte, id age.Identity, totpKey string) {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(file), id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(totpKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{demodata.WebSecret, "$argon2id$", demodata.Alice.Email, base64.StdEncoding.EncodeToString(raw)} {
		if !bytes.Contains(plain, []byte(text)) {
			t.Errorf("%q is not in the export", text)
		}
		if bytes.Contains(file, []byte(text)) {
			t.Errorf("%q is legible in the file", text)
		}
	}
}
