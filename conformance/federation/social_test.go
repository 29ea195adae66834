package federation_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A social is a provider on this machine that answers as Apple, Facebook, Amazon or
// GitHub do: everybody who comes is signed in at once.
type social struct {
	*httptest.Server
	t   *testing.T
	key *ecdsa.PrivateKey

	mu    sync.Mutex
	codes map[string]url.Values
	spent []url.Values // what came to the token endpoint
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSocial(t *testing.T) *social {
	s := &social{t: t, key: newKey(t), codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: "k", Use: "sig"}}})
	})
	for path, body := range map[string]string{
		"/me":          `{"id":"1001","email":"fay@example.com","name":"Fay","email_verified":true}`,
		"/user":        `{"id":583231,"login":"octo","email":"public@example.com","name":"Octo"}`,
		"/user/emails": `[{"email":"octo@example.com","primary":true,"verified":true}]`,
		"/profile":     `{"user_id":"amzn1.account.X","email":"amy@example.com","name":"Amy"}`,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer access" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, body)
		})
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// authorize answers by a redirect, or by the form that Apple posts.
func (s *social) authorize(w http.ResponseWriter, r *http.Request) {
	q, code := r.URL.Query(), rand.Text()
	s.mu.Lock()
	s.codes[code] = q
	s.mu.Unlock()
	if q.Get("response_mode") != "form_post" {
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
		return
	}
	user := html.EscapeString(`{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"victim@example.com"}`)
	fmt.Fprintf(w, `<form method="post" action="%s"><input name="code" value="%s"><input name="state" value="%s"><input name="user" value="%s"></form>`,
		html.EscapeString(q.Get("redirect_uri")), code, html.EscapeString(q.Get("state")), user)
}

func (s *social) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spent = append(s.spent, r.PostForm)
	asked, sum := s.codes[r.PostForm.Get("code")], sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	delete(s.codes, r.PostForm.Get("code"))
	if asked == nil || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	out := map[string]any{"access_token": "access", "token_type": "bearer"}
	if nonce := asked.Get("nonce"); nonce != "" {
		out["id_token"] = s.sign(map[string]any{"iss": s.URL, "aud": asked.Get("client_id"), "sub": "001.ada", "nonce": nonce,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "email": "ada@privaterelay.example", "email_verified": "true"})
	}
	json.NewEncoder(w).Encode(out)
}

func (s *social) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: "k"}}, nil)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	raw, _ := json.Marshal(claims)
	token, err := signer.Sign(raw)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	text, _ := token.CompactSerialize()
	return text
}

// TestSocialProviders signs people in through what answers as the social providers do.
func TestSocialProviders(t *testing.T) {
	s := harness.Start(t, harness.Embedded, onLocalhost)
	here, up, key := newOpenIDParty(t, s), newSocial(t), newKey(t)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	common := map[string]string{"client_id": "app", "authorize_url": up.URL + "/authorize", "token_url": up.URL + "/token"}
	secret := with(common, map[string]string{"client_secret": "secret"})
	mapping := map[string]string{"email": "email", "email_verified": "email_verified", "name": "name"}
	for _, tt := range []struct {
		name     string
		kind     types.IdentityProviderTypeType
		details  map[string]string
		settings string
		want     map[string]any
	}{
		{"Facebook", types.IdentityProviderTypeTypeFacebook, with(secret, map[string]string{"authorize_scopes": "public_profile,email", "attributes_url": up.URL + "/me?fields="}), "",
			map[string]any{"email": "fay@example.com", "email_verified": false, "name": "Fay"}},
		{"LoginWithAmazon", types.IdentityProviderTypeTypeLoginWithAmazon, with(secret, map[string]string{"authorize_scopes": "profile", "attributes_url": up.URL + "/profile"}), "",
			map[string]any{"email": "amy@example.com", "email_verified": false, "name": "Amy"}},
		{"GitHub", types.IdentityProviderTypeTypeOidc, with(secret, map[string]string{"authorize_scopes": "read:user user:email", "oidc_issuer": up.URL,
			"attributes_request_method": "GET", "attributes_url": up.URL + "/user", "jwks_uri": up.URL + "/keys"}), `{"OIDC":{"Dialect":"github"}}`,
			map[string]any{"email": "octo@example.com", "email_verified": true, "name": "Octo"}},
		{"SignInWithApple", types.IdentityProviderTypeTypeSignInWithApple, with(common, map[string]string{"authorize_scopes": "name email", "oidc_issuer": up.URL,
			"jwks_uri": up.URL + "/keys", "team_id": "TEAM", "key_id": "KEY", "private_key": base64.StdEncoding.EncodeToString(der)}), "",
			map[string]any{"email": "ada@privaterelay.example", "email_verified": true, "name": "Ada Lovelace"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			here.provider(t, tt.name, tt.kind, tt.details, mapping)
			if tt.settings != "" {
				s.Poolhouse(t, "PutIdentityProviderSettings", map[string]string{"UserPoolId": here.PoolID, "ProviderName": tt.name, "Settings": tt.settings}, &struct{}{})
			}
			wantClaims(t, here.idToken(t, arrive(t, harness.NewBrowser(t, nil), here.start(tt.name), nil)), tt.want)
		})
	}
	proof, err := jose.ParseSigned(up.spent[len(up.spent)-1].Get("client_secret"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.Verify(key.Public()); err != nil {
		t.Error("the secret for Apple:", err)
	}
}
