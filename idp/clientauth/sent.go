package clientauth

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4/json" // tells names by case and refuses a name that stands twice

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// assertion is what a client shows that has either of the two methods by JWT. Which
// one it is, the client's setting says and not the token.
const assertion = "jwt"

// assertionType is the one type of client_assertion_type (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// A sent is what of a request may prove who sent it.
type sent struct {
	id        string
	method    string // basic, post, assertion or none
	secret    string
	assertion string
}

// read finds the client's name and its one proof (RFC 6749 section 2.3).
func read(r *Request) (*sent, error) {
	s := &sent{id: r.Form.Get("client_id"), method: userpool.AuthNone}
	ways := 0
	if len(r.Authorization) > 0 {
		ways++
		if err := s.readBasic(r.Authorization); err != nil {
			return nil, err
		}
	}
	if secret := r.Form.Get("client_secret"); secret != "" {
		ways++
		s.method, s.secret = userpool.AuthPost, secret
	}
	if r.Form.Has("client_assertion") || r.Form.Has("client_assertion_type") {
		ways++
		if err := s.readAssertion(r.Form); err != nil {
			return nil, err
		}
	}
	switch {
	case ways > 1:
		return nil, &Refusal{"invalid_request", "The client is authenticated in two ways at once."}
	case s.id == "":
		return nil, errFailed
	}
	return s, nil
}

// readBasic reads HTTP Basic, whose two parts are form-encoded (RFC 6749 section 2.3.1).
func (s *sent) readBasic(header []string) error {
	scheme, encoded, _ := strings.Cut(header[0], " ")
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	rawID, rawSecret, ok := strings.Cut(string(pair), ":")
	id, errID := url.QueryUnescape(rawID)
	secret, errSecret := url.QueryUnescape(rawSecret)
	if len(header) > 1 || !strings.EqualFold(scheme, "Basic") || err != nil || !ok || errID != nil || errSecret != nil ||
		id == "" || s.id != "" && s.id != id {
		return errFailed
	}
	s.id, s.method, s.secret = id, userpool.AuthBasic, secret
	return nil
}

// readAssertion takes the name of the client from an assertion that nobody has
// verified yet.
func (s *sent) readAssertion(form url.Values) error {
	if form.Get("client_assertion_type") != assertionType {
		return refuse("client_assertion_type is not supported.")
	}
	var c struct {
		Subject string `json:"sub"`
	}
	raw := form.Get("client_assertion")
	payload, _, err := jose.Peek(raw)
	if err != nil || json.Unmarshal(payload, &c) != nil || c.Subject == "" {
		return refuse("The client assertion is not a JWT whose sub is the client.")
	}
	if s.id != "" && s.id != c.Subject {
		return refuse("client_id is not the sub of the client assertion.")
	}
	s.id, s.method, s.assertion = c.Subject, assertion, raw
	return nil
}
