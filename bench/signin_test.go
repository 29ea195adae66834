package bench_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func unescape(attribute string) string { return html.UnescapeString(attribute) }

// tokens is what a sign-in ends with.
type tokens struct {
	AuthenticationResult struct{ IdToken, AccessToken, RefreshToken string }
}

// Two calls; the floor is the server's SRP arithmetic and two signatures.
func BenchmarkSRPSignIn(b *testing.B) {
	onEach(b, func(w *world) {
		half := srp.NewClient()
		_, group, _ := strings.Cut(demodata.PoolID, "_")
		verifier := srp.Verifier(srp.Identity{Group: group, Name: demodata.Alice.Username}, demodata.Alice.Password, srp.NewSalt())
		sign := signatures(b, 2)
		w.run(func() {
			var first struct{ ChallengeParameters map[string]string }
			w.call(idp+"InitiateAuth", obj{"AuthFlow": "USER_SRP_AUTH", "ClientId": demodata.ClientID,
				"AuthParameters": obj{"USERNAME": demodata.Alice.Username, "SRP_A": half.Public.Text(16)}}, &first)
			answer, err := half.Answer(group, demodata.Alice.Password, first.ChallengeParameters, time.Now())
			w.check(err)
			var out tokens
			w.call(idp+"RespondToAuthChallenge", obj{"ChallengeName": "PASSWORD_VERIFIER", "ClientId": demodata.ClientID, "ChallengeResponses": answer}, &out)
			if out.AuthenticationResult.IdToken == "" {
				w.Fatal("no token")
			}
		}, func() {
			_, _, err := srp.Accept(half.Public, verifier)
			w.check(err)
			sign()
		})
	})
}

// The floor is argon2id with 19 MiB and two passes, and two signatures.
func BenchmarkPasswordSignIn(b *testing.B) {
	onEach(b, func(w *world) {
		sign, salt := signatures(b, 2), make([]byte, 16)
		rand.Read(salt)
		w.run(func() { w.passwordSignIn() }, func() {
			argon2.IDKey([]byte(demodata.Alice.Password), salt, 2, 19456, 1, 32)
			sign()
		})
	})
}

func (w *world) passwordSignIn() (out tokens) {
	w.Helper()
	w.call(idp+"InitiateAuth", obj{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": demodata.ClientID,
		"AuthParameters": obj{"USERNAME": demodata.Alice.Username, "PASSWORD": demodata.Alice.Password}}, &out)
	return out
}

// Of a browser with a session: authorize and token endpoint. The floor is two signatures.
func BenchmarkCodeFlow(b *testing.B) {
	onEach(b, func(w *world) {
		cookies := w.browser()
		w.run(func() {
			to, err := url.Parse(w.visit(w.authorizeURL(), cookies).Header().Get("Location"))
			w.check(err)
			var out struct {
				IDToken string `json:"id_token"`
			}
			w.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {demodata.ClientID}, "redirect_uri": {callback},
				"code": {to.Query().Get("code")}, "code_verifier": {pkceVerifier}}, "", "", &out)
			if out.IDToken == "" {
				w.Fatal("no token")
			}
		}, signatures(b, 2))
	})
}

// With a new refresh token each time. The floor is two signatures.
func BenchmarkRefresh(b *testing.B) {
	onEach(b, func(w *world) {
		var made struct{ UserPoolClient struct{ ClientId string } }
		w.admin(idp+"CreateUserPoolClient", obj{"UserPoolId": demodata.PoolID, "ClientName": "rotating",
			"ExplicitAuthFlows":    []string{"ALLOW_USER_PASSWORD_AUTH"},
			"RefreshTokenRotation": obj{"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}, &made)
		client := made.UserPoolClient.ClientId
		var set tokens
		w.call(idp+"InitiateAuth", obj{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
			"AuthParameters": obj{"USERNAME": demodata.Alice.Username, "PASSWORD": demodata.Alice.Password}}, &set)
		w.run(func() {
			old := set.AuthenticationResult.RefreshToken
			w.call(idp+"GetTokensFromRefreshToken", obj{"ClientId": client, "RefreshToken": old}, &set)
			if set.AuthenticationResult.RefreshToken == old {
				w.Fatal("the refresh token did not change")
			}
		}, signatures(b, 2))
	})
}

// The floor is one signature.
func BenchmarkClientCredentials(b *testing.B) {
	onEach(b, func(w *world) { w.clientCredentials("RS256", signatures(b, 1)) })
}

// The floor is one signature by P-256.
func BenchmarkClientCredentialsES256(b *testing.B) {
	onEach(b, func(w *world) { w.clientCredentials("ES256", signaturesES256(b, 1)) })
}

func (w *world) clientCredentials(alg string, floor func()) {
	w.Helper()
	w.admin(idp+"CreateResourceServer", obj{"UserPoolId": demodata.PoolID, "Identifier": "orders", "Name": "Orders",
		"Scopes": []obj{{"ScopeName": "read", "ScopeDescription": "Read orders"}}}, new(obj))
	id, secret := w.app(obj{"ClientName": "machine", "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
		"AllowedOAuthFlows": []string{"client_credentials"}, "AllowedOAuthScopes": []string{"orders/read"}}, alg)
	w.run(func() {
		var out struct {
			AccessToken string `json:"access_token"`
		}
		w.token(url.Values{"grant_type": {"client_credentials"}, "scope": {"orders/read"}}, id, secret, &out)
		if out.AccessToken == "" {
			w.Fatal("no token")
		}
	}, floor)
}

// At the token endpoint, with a new refresh token each time. The floor is two
// signatures by P-256.
func BenchmarkRefreshES256(b *testing.B) {
	onEach(b, func(w *world) {
		client, _ := w.app(obj{"ClientName": "rotating", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"},
			"RefreshTokenRotation": obj{"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}, "ES256")
		var set tokens
		w.call(idp+"InitiateAuth", obj{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
			"AuthParameters": obj{"USERNAME": demodata.Alice.Username, "PASSWORD": demodata.Alice.Password}}, &set)
		refresh := set.AuthenticationResult.RefreshToken
		w.run(func() {
			var out struct {
				RefreshToken string `json:"refresh_token"`
			}
			w.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {refresh}}, "", "", &out)
			if out.RefreshToken == "" || out.RefreshToken == refresh {
				w.Fatal("the refresh token did not change")
			}
			refresh = out.RefreshToken
		}, signaturesES256(b, 2))
	})
}

// app makes an app client whose tokens are signed by that algorithm.
func (w *world) app(in obj, alg string) (id, secret string) {
	w.Helper()
	var made struct {
		UserPoolClient struct{ ClientId, ClientSecret string }
	}
	in["UserPoolId"] = demodata.PoolID
	w.admin(idp+"CreateUserPoolClient", in, &made)
	if alg != "RS256" {
		metadata, err := json.Marshal(obj{"id_token_signed_response_alg": alg, "access_token_signed_response_alg": alg})
		w.check(err)
		w.admin("Poolhouse.PutOpenIDClient", obj{"UserPoolId": demodata.PoolID, "ClientId": made.UserPoolClient.ClientId, "Metadata": string(metadata)}, new(obj))
	}
	return made.UserPoolClient.ClientId, made.UserPoolClient.ClientSecret
}
