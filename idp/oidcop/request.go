package oidcop

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A request is an authorization request. It is read in two steps: trust finds out
// where answers may go; until it has, an error is a page. Then parse reads the
// rest, and an error goes to the app.
type request struct {
	params      url.Values
	pool        *userpool.Pool
	client      *userpool.Client
	redirectURI string
	state       string
	mode        string // response mode

	kept    *pushed.Request // that the parameters come from; nil for those of a query
	refused error           // why none can be taken: then they are the query's

	kind      responseType
	scopes    []string
	challenge string
	proofKey  string // dpop_jkt
	resources []string
	details   []byte // authorization_details, empty for none
	prompt    []string
	maxAge    *time.Duration
	subject   string // of the user that must be signed in, empty for any
	called    string // what the client calls that user, empty for any
	acr       acrRequest
	claims    *userpool.ClaimsRequest // nil where nothing was asked by name
}

// An untrusted is a request whose answers may go nowhere: Cognito's error page
// shows the code.
type untrusted struct{ code string }

func (e *untrusted) Error() string { return e.code }

func (h *Handler) trust(ctx context.Context, pool *userpool.Pool, params url.Values) (*request, error) {
	if !web.IsText(params) || len(params["client_id"]) != 1 || len(params["redirect_uri"]) > 1 {
		return nil, &untrusted{"invalid_request"}
	}
	c, err := h.client(ctx, pool, params.Get("client_id"))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil, &untrusted{"invalid_client"}
	}
	if err != nil {
		return nil, err
	}
	req := &request{params: params, pool: pool, client: c, redirectURI: params.Get("redirect_uri"), mode: chooseMode(params)}
	if !idp.MatchRedirect(c.CallbackURLs, req.redirectURI) {
		return nil, &untrusted{"redirect_mismatch"}
	}
	if len(params["state"]) == 1 {
		req.state = params.Get("state")
	}
	return req, nil
}

// parse reads what trust left. Unknown parameters are ignored, as are display,
// ui_locales, claims_locales and login_hint, which only the login page may heed
// (OpenID Connect Core section 3.1.2.1).
func (h *Handler) parse(ctx context.Context, req *request) (err error) {
	if req.refused != nil {
		return req.refused
	}
	if err := checkSingle(req.params); err != nil {
		return err
	}
	if req.params.Has("registration") {
		return oauthFail("registration_not_supported", "")
	}
	if err := h.checkProvider(ctx, req); err != nil {
		return err
	}
	if err := req.parseResponseType(); err != nil {
		return err
	}
	if err := req.checkTransport(); err != nil {
		return err
	}
	if err := req.checkMode(); err != nil {
		return err
	}
	if err := h.parseScopes(ctx, req); err != nil {
		return err
	}
	if err := req.checkFront(); err != nil {
		return err
	}
	if err := req.parsePKCE(); err != nil {
		return err
	}
	if err := req.parseBinding(); err != nil {
		return err
	}
	if err := req.parseClaims(); err != nil {
		return err
	}
	if err := req.parseFreshness(); err != nil {
		return err
	}
	if err := req.parseResources(); err != nil {
		return err
	}
	if err := req.parseDetails(); err != nil {
		return err
	}
	return h.parseSubject(ctx, req)
}

// parseScopes settles the scopes. A grant without a code cannot be offline (OpenID
// Connect Core section 11).
func (h *Handler) parseScopes(ctx context.Context, req *request) (err error) {
	req.scopes, err = h.authorizeScopes(ctx, req.client, req.params.Get("scope"))
	if !req.kind.code {
		req.scopes = slices.DeleteFunc(req.scopes, func(s string) bool { return s == userpool.ScopeOffline })
	}
	return err
}

// checkTransport holds a client to the way that its requests must come: pushed (RFC
// 9126 section 6), or signed (RFC 9101 section 10.5). A visit came by it already.
func (req *request) checkTransport() error {
	o := &req.client.OpenID
	switch {
	case (req.pool.OpenID.RequirePAR || o.RequirePAR || o.FAPI) && (req.kept == nil || !req.kept.Pushed):
		return oauthFail("invalid_request", "Requests must be pushed.")
	case o.RequireSigned && (req.kept == nil || !req.kept.Signed):
		return oauthFail("invalid_request", "The client must sign its requests.")
	}
	return nil
}

// checkProvider refuses an identity provider that there is not, or not for the client.
func (h *Handler) checkProvider(ctx context.Context, req *request) error {
	_, err := h.Hosted.ChooseProvider(ctx, req.pool, req.client, req.params)
	if errors.Is(err, login.ErrNoProvider) {
		return oauthFail("invalid_request", "The identity provider is not configured.")
	}
	return err
}

var pkceText = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

func (req *request) parsePKCE() error {
	challenge, method := req.params.Get("code_challenge"), req.params.Get("code_challenge_method")
	o := &req.client.OpenID
	switch {
	case challenge == "" && method == "":
		if req.kind.code && (req.pool.Strict || o.FAPI || o.RequirePKCE) { // OAuth 2.1, FAPI 2.0 section 5.3.2.2
			return oauthFail("invalid_request", "code_challenge is missing.")
		}
	case method != "S256":
		return oauthFail("invalid_request", "code_challenge_method must be S256.")
	case !pkceText.MatchString(challenge):
		return oauthFail("invalid_request", "code_challenge is malformed.")
	}
	req.challenge = challenge
	return nil
}
