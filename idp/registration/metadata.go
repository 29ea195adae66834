package registration

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// A metadata is what a client sends, beside the members that userpool knows.
type metadata struct {
	Name          string   `json:"client_name"`
	RedirectURIs  []string `json:"redirect_uris"`
	LogoutURIs    []string `json:"post_logout_redirect_uris"`
	Scope         string   `json:"scope"`
	ResponseTypes []string `json:"response_types"`
	GrantTypes    []string `json:"grant_types"`

	// Of updates.
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`

	raw []byte
}

// matches checks that an update is about the client at its address (RFC 7592
// section 2.2).
func (m *metadata) matches(c *userpool.Client) error {
	if m.ID != string(c.ID) {
		return unfit("invalid_client_metadata", "client_id is not the client at this address.")
	}
	if m.Secret != "" && subtle.ConstantTimeCompare([]byte(m.Secret), []byte(c.Secret)) != 1 {
		return unfit("invalid_client_metadata", "client_secret is not the client's.")
	}
	return nil
}

// ownGrants are the grant types that a client can register for itself.
var ownGrants = []string{"authorization_code", "implicit", "refresh_token", userpool.GrantDevice}

// registration is what the client asks for, with the defaults of RFC 7591 section 2.
func (m *metadata) registration() (*userpool.Registration, error) {
	for name := range m.members() {
		if slices.Contains([]string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}, name) {
			return nil, unfit("invalid_client_metadata", name+" is not the client's to say.")
		}
	}
	settings, err := userpool.ParseOpenIDClient(m.raw, true)
	if err != nil {
		return nil, err
	}
	if settings.AuthMethod == "" {
		settings.AuthMethod = userpool.AuthBasic
	}
	if len(m.ResponseTypes) == 0 {
		m.ResponseTypes = []string{"code"}
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{"authorization_code"}
	}
	if err := m.agree(); err != nil {
		return nil, err
	}
	r := &userpool.Registration{Name: m.Name, RedirectURIs: m.RedirectURIs, LogoutURIs: m.LogoutURIs, Scopes: strings.Fields(m.Scope)}
	settings.ResponseTypes, settings.GrantTypes = nil, nil
	for _, t := range m.ResponseTypes {
		if t = inOrder(t); t != "code" {
			settings.ResponseTypes = append(settings.ResponseTypes, t)
			r.Implicit = true
		}
	}
	if slices.Contains(m.GrantTypes, userpool.GrantDevice) {
		settings.GrantTypes = []string{userpool.GrantDevice}
	}
	r.OpenID = *settings
	return r, nil
}

func (m *metadata) members() map[string]json.RawMessage {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(m.raw, &members) // read has checked it
	return members
}

// agree checks that response and grant types belong together (OpenID Connect Dynamic
// Client Registration 1.0 section 2).
func (m *metadata) agree() error {
	for _, g := range m.GrantTypes {
		if !slices.Contains(ownGrants, g) {
			return unfit("invalid_client_metadata", "grant_types: a client cannot register "+g+" for itself.")
		}
	}
	for _, t := range m.ResponseTypes {
		words := strings.Fields(t)
		front := slices.Contains(words, "token") || slices.Contains(words, "id_token")
		if slices.Contains(words, "code") && !slices.Contains(m.GrantTypes, "authorization_code") || front && !slices.Contains(m.GrantTypes, "implicit") {
			return unfit("invalid_client_metadata", "grant_types do not have what response_types need.")
		}
	}
	return nil
}

// inOrder is a response type with its words in the order that settings have.
func inOrder(t string) string {
	words := strings.Fields(t)
	order := []string{"code", "id_token", "token"}
	slices.SortFunc(words, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return strings.Join(words, " ")
}

// answer tells a client what was registered (RFC 7591 section 3.2.1, RFC 7592 section 3).
func (h *Handler) answer(w http.ResponseWriter, status int, c *userpool.Client, token string) error {
	out, err := c.OpenID.Metadata(true)
	if err != nil {
		return err
	}
	grants, answers := []string{"authorization_code", "refresh_token"}, []string{"code"}
	if len(c.OpenID.ResponseTypes) > 0 {
		grants, answers = append(grants, "implicit"), append(answers, c.OpenID.ResponseTypes...)
	}
	more := map[string]any{
		"client_id": c.ID, "client_id_issued_at": c.Created.Unix(), "client_name": c.Name, "redirect_uris": c.CallbackURLs,
		"scope": strings.Join(c.OAuthScopes, " "), "grant_types": append(grants, c.OpenID.GrantTypes...), "response_types": answers,
		"registration_access_token": token, "registration_client_uri": h.Issuer(c.Pool) + Path + "/" + string(c.ID),
	}
	if len(c.LogoutURLs) > 0 {
		more["post_logout_redirect_uris"] = c.LogoutURLs
	}
	if c.Secret != "" && !c.Public() {
		more["client_secret"], more["client_secret_expires_at"] = c.Secret, 0
	}
	for name, value := range more {
		if out[name], err = json.Marshal(value); err != nil {
			return err
		}
	}
	return write(w, status, out)
}
