package userpool

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
)

// passkeyTimeout is how long a browser waits for its user, in milliseconds.
const passkeyTimeout = 60_000

// The dictionaries that browsers take, as sections 5.1.8 and 5.1.9 of Web
// Authentication Level 3 write them in JSON.
type (
	creationOptions struct {
		Challenge string                 `json:"challenge"`
		RP        rpEntity               `json:"rp"`
		User      userEntity             `json:"user"`
		Params    []credentialParameter  `json:"pubKeyCredParams"`
		Timeout   int                    `json:"timeout"`
		Exclude   []credentialDescriptor `json:"excludeCredentials"`
		Selection selection              `json:"authenticatorSelection"`
	}
	requestOptions struct {
		Challenge        string                 `json:"challenge"`
		RPID             string                 `json:"rpId"`
		Timeout          int                    `json:"timeout"`
		UserVerification string                 `json:"userVerification"`
		Allow            []credentialDescriptor `json:"allowCredentials"`
	}
	rpEntity struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	userEntity struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	}
	credentialParameter struct {
		Type      string `json:"type"`
		Algorithm int    `json:"alg"`
	}
	credentialDescriptor struct {
		ID         string   `json:"id"`
		Type       string   `json:"type"`
		Transports []string `json:"transports,omitempty"`
	}
	selection struct {
		RequireResidentKey bool   `json:"requireResidentKey"`
		ResidentKey        string `json:"residentKey"`
		UserVerification   string `json:"userVerification"`
	}
)

// newPasskeyChallenge returns 32 random bytes as base64url; section 13.4.3 asks for
// 16 at least.
func newPasskeyChallenge() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// creationOptions returns what a browser needs to make a passkey for u, who has
// keys already. A passkey can be found without a username.
func (p *Pool) creationOptions(u *User, party, challenge string, keys []*Passkey) (json.RawMessage, error) {
	o := creationOptions{Challenge: challenge, RP: rpEntity{party, party}, Timeout: passkeyTimeout,
		User:      userEntity{base64.RawURLEncoding.EncodeToString([]byte(u.Sub)), u.Username, u.displayName()},
		Params:    []credentialParameter{{"public-key", -7}, {"public-key", -257}}, // ES256, RS256
		Exclude:   descriptors(keys),
		Selection: selection{true, "required", p.userVerification(u)}}
	return json.Marshal(o)
}

// requestOptions returns what a browser needs to use one of a user's passkeys, or,
// without a user, one that the browser finds itself.
func (p *Pool) requestOptions(u *User, party, challenge string, keys []*Passkey) (string, error) {
	text, err := json.Marshal(requestOptions{challenge, party, passkeyTimeout, p.userVerification(u), descriptors(keys)})
	return string(text), err
}

func descriptors(keys []*Passkey) []credentialDescriptor {
	list := []credentialDescriptor{}
	for _, k := range keys {
		list = append(list, credentialDescriptor{k.ID, "public-key", k.Transports})
	}
	return list
}

// verifiesUser reports whether a passkey of u is of use only with a PIN or a finger:
// where the pool says so, or where the passkey stands for both factors. Of a user who
// is not known yet it may.
func (p *Pool) verifiesUser(u *User) bool {
	return p.Passkeys.VerifyUser || p.Passkeys.MultiFactor && (u == nil || u.MFA.Passkey)
}

func (p *Pool) userVerification(u *User) string {
	if p.verifiesUser(u) {
		return "required"
	}
	return "preferred"
}

// displayName is the name that a user would know an account by.
func (u *User) displayName() string {
	for _, a := range []string{"name", "email", "preferred_username"} {
		if u.Attributes[a] != "" {
			return u.Attributes[a]
		}
	}
	return u.Username
}
