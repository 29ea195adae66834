package oidcrp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/jsonlimit"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// apple is OpenID Connect with a secret that is signed for each exchange, and a
// name that the browser brings, once.
var apple = dialect{
	openid: true,
	details: func(*userpool.Provider) map[string]string {
		return map[string]string{
			"authorize_url": "https://appleid.apple.com/auth/authorize", "token_url": "https://appleid.apple.com/auth/token",
			"token_request_method": "POST", "oidc_issuer": "https://appleid.apple.com", "attributes_url_add_attributes": "false",
		}
	},
	ask: func(q url.Values, _ *sp.Ask) {
		scopes := strings.Fields(q.Get("scope"))
		if slices.Contains(scopes, "name") || slices.Contains(scopes, "email") {
			q.Set("response_mode", "form_post") // Apple refuses them otherwise
		}
	},
	profile: func(_ context.Context, v *visit) (string, error) {
		v.info = appleName(v.form.Get("user"))
		return v.id.text("sub"), nil
	},
	judge: func(*visit, map[string][]string) error { return nil },
}

// nameLimit bounds what a browser says of its user.
var nameLimit = jsonlimit.Limit{Bytes: 4 << 10, Depth: 4}

// maxName bounds a name, in bytes.
const maxName = 256

// appleName reads the name that comes with the first sign-in. It is what the
// browser says, which signs nothing: a name, and never an address.
func appleName(raw string) object {
	if raw == "" || nameLimit.Check([]byte(raw)) != nil {
		return nil
	}
	var user struct {
		Name struct {
			First string `json:"firstName"`
			Last  string `json:"lastName"`
		} `json:"name"`
	}
	if json.Unmarshal([]byte(raw), &user) != nil || len(user.Name.First) > maxName || len(user.Name.Last) > maxName {
		return nil
	}
	o := object{}
	for name, value := range map[string]string{"firstName": user.Name.First, "lastName": user.Name.Last,
		"name": strings.TrimSpace(user.Name.First + " " + user.Name.Last)} {
		if value != "" {
			o[name], _ = json.Marshal(value) // a text
		}
	}
	return o
}

// appleSecretLife is how long a client secret is good for. Apple allows for six
// months; one exchange takes seconds.
const appleSecretLife = 5 * time.Minute

// appleSecret signs the client secret of an exchange.
func appleSecret(details map[string]string, now time.Time) (string, error) {
	key, err := parseAppleKey(details["private_key"])
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(map[string]any{"iss": details["team_id"], "sub": details["client_id"], "aud": details["oidc_issuer"],
		"iat": now.Unix(), "exp": now.Add(appleSecretLife).Unix()})
	if err != nil {
		return "", err
	}
	return jose.Sign(jose.PrivateKey{ID: details["key_id"], Algorithm: jose.ES256, Private: key}, "", payload)
}

var errAppleKey = errors.New("oidcrp: private_key is no EC key of the curve P-256 in PKCS #8")

// parseAppleKey reads the key file, with or without its first and last line, which
// Cognito's console takes off.
func parseAppleKey(text string) (*ecdsa.PrivateKey, error) {
	var body strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			body.WriteString(line)
		}
	}
	der, err := base64.StdEncoding.DecodeString(body.String())
	if err != nil {
		return nil, errAppleKey
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errAppleKey
	}
	if ec, ok := key.(*ecdsa.PrivateKey); ok && ec.Curve == elliptic.P256() {
		return ec, nil
	}
	return nil, errAppleKey
}
