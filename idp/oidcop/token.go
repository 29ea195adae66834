package oidcop

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// token is the token endpoint.
func (h *Handler) token(w http.ResponseWriter, r *http.Request) error {
	if allowCORS(w, r, "POST") {
		return nil
	}
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	held, err := h.admit(w, r, pool, parseForm)
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	answer, sub, err := h.grantTokens(r, pool, held)
	if err != nil {
		h.recordRefusal(r, pool, err)
		return h.fail(w, r, pool, err)
	}
	h.recordToken(r, pool, sub, "")
	return writeJSON(w, http.StatusOK, answer)
}

// admit reads a program's form, counts the request, and looks which keys it shows.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, parse func(*http.Request) error) (*userpool.Confirmation, error) {
	if err := parse(r); err != nil {
		return nil, err
	}
	if err := h.limit(r, pool); err != nil {
		return nil, err
	}
	return h.held(w, r, pool, "")
}

// recordRefusal has the event log remember who was refused a token. Devices and
// the like that ask again until their user has decided are no matter for it.
func (h *Handler) recordRefusal(r *http.Request, pool *userpool.Pool, err error) {
	e, _ := publicError(err)
	if e.Code == "authorization_pending" || e.Code == "slow_down" || e.Code == "use_dpop_nonce" {
		return
	}
	h.recordToken(r, pool, "", e.Code)
}

func (h *Handler) recordToken(r *http.Request, pool *userpool.Pool, sub, code string) {
	h.Browser.Sessions.Record(r.Context(), idp.Event{Name: idp.EventToken, Pool: pool.ID, Client: claimedClient(r), Sub: sub,
		Grant: r.PostForm.Get("grant_type"), Address: web.RemoteIP(r), UserAgent: r.UserAgent(), Error: code})
}

// limit counts a request for tokens. Clients that act for themselves have a ceiling
// of their own.
func (h *Handler) limit(r *http.Request, pool *userpool.Pool) error {
	c := userpool.CategoryToken
	if r.PostForm.Get("grant_type") == "client_credentials" {
		c = userpool.CategoryClientAuth
	}
	return h.Limits.Allow(r.Context(), pool.ID, claimedClient(r), c, web.RemoteIP(r))
}

// claimedClient is the client that a request says it comes from, before it has proved
// that.
func claimedClient(r *http.Request) userpool.ClientID {
	id, _, ok := r.BasicAuth()
	if !ok {
		id = r.PostForm.Get("client_id")
	}
	return userpool.ClientID(id)
}

// A tokenAnswer is Cognito's: no scope, and Bearer with a capital letter (F22).
type tokenAnswer struct {
	IDToken      string `json:"id_token,omitempty"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	ExpiresIn    int64  `json:"expires_in"`
	TokenType    string `json:"token_type"`
	IssuedType   string `json:"issued_token_type,omitempty"` // of an exchange, as is:
	Scope        string `json:"scope,omitempty"`

	Details json.RawMessage `json:"authorization_details,omitempty"` // RFC 9396 section 7
}

// grantTokens returns what the client gets, and for whom: no user where it acts for itself.
func (h *Handler) grantTokens(r *http.Request, pool *userpool.Pool, held *userpool.Confirmation) (*tokenAnswer, string, error) {
	if err := checkGrant(r.PostForm); err != nil {
		return nil, "", err
	}
	metadata, err := clientMetadata(r.PostForm)
	if err != nil {
		return nil, "", err
	}
	r = r.WithContext(userpool.WithClientMetadata(r.Context(), metadata))
	x := h.exchange(pool)
	x.held = held
	provider := x.provider()
	req, err := provider.NewAccessRequest(r.Context(), r, &session{})
	if x.failed != nil {
		return nil, "", x.failed // a replay that could not be acted on is no mere refusal
	}
	if err != nil {
		return nil, "", err
	}
	resp, err := provider.NewAccessResponse(r.Context(), req)
	if x.failed != nil {
		return nil, "", x.failed
	}
	if err != nil {
		return nil, "", err
	}
	extra := func(name string) string { s, _ := resp.GetExtra(name).(string); return s }
	seconds := resp.ToMap()["expires_in"].(int64)
	return &tokenAnswer{IDToken: extra("id_token"), AccessToken: resp.GetAccessToken(), RefreshToken: extra("refresh_token"),
		ExpiresIn: seconds, TokenType: resp.GetTokenType(), IssuedType: extra("issued_token_type"), Scope: joinScopes(x.granted),
		Details: x.details}, x.sub, nil
}

// checkGrant refuses a grant type that is not served or lacks its parameters.
func checkGrant(form url.Values) error {
	grant := form.Get("grant_type")
	switch {
	case grant == "":
		return oauthFail("invalid_request", "grant_type is missing.")
	case form.Has("authorization_details"):
		return oauthFail("invalid_authorization_details", "Details are asked for at the authorization endpoint.")
	case !slices.Contains(grantTypes, grant):
		return oauthFail("unsupported_grant_type", "The grant type is not supported.")
	case grant == "authorization_code" && (form.Get("code") == "" || form.Get("redirect_uri") == ""):
		return oauthFail("invalid_request", "code or redirect_uri is missing.")
	case grant == "refresh_token" && form.Get("refresh_token") == "":
		return oauthFail("invalid_request", "refresh_token is missing.")
	case grant == grantDevice && form.Get("device_code") == "":
		return oauthFail("invalid_request", "device_code is missing.")
	case grant == grantCIBA && form.Get("auth_req_id") == "":
		return oauthFail("invalid_request", "auth_req_id is missing.")
	case grant == grantExchange:
		return checkExchange(form)
	}
	return nil
}

// clientMetadata reads what a client that acts for itself says to the function
// before its token: a JSON object of strings.
func clientMetadata(form url.Values) (map[string]string, error) {
	text := form.Get("aws_client_metadata")
	if text == "" || form.Get("grant_type") != "client_credentials" {
		return nil, nil
	}
	var m map[string]string
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, oauthFail("invalid_request", "aws_client_metadata is not a JSON object of strings.")
	}
	return m, nil
}
