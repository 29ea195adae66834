package oidcop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/userpool"
)

// The delivery modes of CIBA that are served (CIBA Core section 5).
const (
	cibaPoll = "poll"
	cibaPing = "ping"
)

// Bounds of a backchannel request.
const (
	maxMessage  = 100              // of binding_message, in runes
	maxNotify   = 1024             // of client_notification_token, in bytes
	minExpiry   = 30 * time.Second // of requested_expiry
	maxAsked    = 5                // times that one user is asked in askedWindow
	askedWindow = 10 * time.Minute
	nsAsked     = "ciba-asked"

	nsSignedOnce = "ciba-object" // signed requests that were taken
)

// bearerText is what a client_notification_token looks like (RFC 6750 section 2.1):
// long enough not to be guessed.
var bearerText = regexp.MustCompile(`^[A-Za-z0-9._~+/-]{22,}=*$`)

// A backchannelAnswer is what an app polls with (CIBA Core section 7.3).
type backchannelAnswer struct {
	ID        string `json:"auth_req_id"`
	ExpiresIn int64  `json:"expires_in"`
	Interval  int64  `json:"interval"`
}

// backchannel is the backchannel authentication endpoint (CIBA Core section 7): an app
// that knows who its user is asks them, wherever they are.
func (h *Handler) backchannel(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	answer, err := h.startBackchannel(r, pool)
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (h *Handler) startBackchannel(r *http.Request, pool *userpool.Pool) (*backchannelAnswer, error) {
	ctx := r.Context()
	c, err := h.decoupledClient(r, pool, grantCIBA)
	if err != nil {
		return nil, err
	}
	form, err := h.backchannelForm(ctx, c, r.PostForm)
	if err != nil {
		return nil, err
	}
	req, err := h.decoupledRequest(ctx, c, form, decoupled.CIBA)
	if err != nil {
		return nil, err
	}
	if err := readBackchannel(c, form, req); err != nil {
		return nil, err
	}
	user, err := h.hinted(ctx, pool, c, form)
	if err != nil {
		return nil, err
	}
	return h.askUser(ctx, pool, c, user, req)
}

// backchannelForm returns the parameters of a request: of the form, or all of them of
// the object that the client has signed (CIBA Core section 7.1.1).
func (h *Handler) backchannelForm(ctx context.Context, c *userpool.Client, form url.Values) (url.Values, error) {
	switch {
	case c.Public() || c.OpenID.Registered: // nobody vouches for it, and it would write to people
		return nil, oauthFail("unauthorized_client", "A client that is public, or registered itself, cannot ask users.")
	case form.Has("request"):
		return h.signedBackchannel(ctx, c, form.Get("request"))
	case c.OpenID.CIBAAlgorithm != "":
		return nil, oauthFail("invalid_request", "The client has to sign its requests.")
	}
	return form, nil
}

// signedBackchannel returns the parameters of a signed request. It is taken once: an
// app that sends it again would have its user asked again.
func (h *Handler) signedBackchannel(ctx context.Context, c *userpool.Client, raw string) (url.Values, error) {
	signer := *c
	signer.OpenID.RequestObjectAlgorithm = c.OpenID.CIBAAlgorithm
	params, mark, err := h.Objects.ReadMarked(ctx, &signer, raw)
	if err != nil {
		return nil, objectError(err)
	}
	sum := sha256.Sum256([]byte(mark.ID))
	first, err := h.Waiting.Ephemeral.Claim(ctx, nsSignedOnce, string(c.Pool)+"/"+string(c.ID)+"/"+hex.EncodeToString(sum[:]), mark.Expires)
	if err == nil && !first {
		err = oauthFail("invalid_request", "The request was sent before.")
	}
	return params, err
}

// readBackchannel reads the parameters that are CIBA's own.
func readBackchannel(c *userpool.Client, form url.Values, req *decoupled.Request) error {
	if !slices.Contains(req.Scopes, userpool.ScopeOpenID) {
		return oauthFail("invalid_scope", "The scope openid is needed.")
	}
	if len(req.ACR) > 0 && !slices.ContainsFunc(req.ACR, idp.KnownACR) {
		return oauthFail("invalid_request", "acr_values names no class that a sign-in here can be of.")
	}
	req.Message = form.Get("binding_message")
	if len([]rune(req.Message)) > maxMessage || strings.ContainsFunc(req.Message, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return oauthFail("invalid_binding_message", "binding_message is too long, or more than a line of text.")
	}
	if text := form.Get("requested_expiry"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil || seconds == 0 {
			return oauthFail("invalid_request", "requested_expiry is malformed.")
		}
		life := min(max(time.Duration(seconds)*time.Second, minExpiry), decoupled.Life)
		req.Expires = req.Created.Add(life)
	}
	if c.OpenID.CIBAMode != cibaPing {
		return nil
	}
	req.Notify = form.Get("client_notification_token")
	if len(req.Notify) > maxNotify || !bearerText.MatchString(req.Notify) {
		return oauthFail("invalid_request", "client_notification_token is missing or malformed.")
	}
	return nil
}

// hinted finds the user that exactly one hint names (CIBA Core section 7.1). A nil
// user is nobody, for clients that must not learn who exists.
func (h *Handler) hinted(ctx context.Context, pool *userpool.Pool, c *userpool.Client, form url.Values) (*userpool.User, error) {
	name, token := form.Get("login_hint"), form.Get("id_token_hint")
	switch {
	case form.Has("login_hint_token"):
		return nil, oauthFail("invalid_request", "login_hint_token is not supported; use login_hint or id_token_hint.")
	case (name == "") == (token == ""):
		return nil, oauthFail("invalid_request", "Exactly one of login_hint and id_token_hint is needed.")
	case token != "":
		hint, err := h.Tokens.IDHint(ctx, pool.ID, token)
		if isRefusedGrant(err) || err == nil && hint.Client != c.ID {
			return nil, oauthFail("invalid_request", "id_token_hint is invalid.")
		}
		if err != nil {
			return nil, err
		}
		name = hint.Sub
	}
	user, err := h.Store.User(ctx, pool.ID, name)
	unknown := errors.Is(err, userpool.ErrUserNotFound)
	if err != nil && !unknown {
		return nil, err
	}
	if unknown || !user.Enabled || user.Status == userpool.Unconfirmed {
		user = nil
	}
	if user == nil && !c.HideUserExistence {
		return nil, oauthFail("unknown_user_id", "There is no such user.")
	}
	return user, nil
}

// askUser keeps the request and tells the user of it. A user who does not exist
// simply never answers.
func (h *Handler) askUser(ctx context.Context, pool *userpool.Pool, c *userpool.Client, user *userpool.User, req *decoupled.Request) (*backchannelAnswer, error) {
	nobody, _ := idp.NewSecret()
	if req.Sub = nobody; user != nil {
		req.Sub = user.Sub
		asked, err := h.Waiting.Ephemeral.Count(ctx, nsAsked, string(pool.ID)+"/"+user.Sub, 1, askedWindow)
		if err != nil {
			return nil, err
		}
		if asked > maxAsked {
			return nil, userpool.ErrTooManyRequests
		}
	}
	secret, err := h.Waiting.Add(ctx, req)
	if err != nil {
		return nil, err
	}
	if user != nil {
		link := h.Issuer(pool.ID) + "/approve?" + url.Values{"request": {string(idp.HandleOf(secret))}}.Encode()
		if err := h.Inviter.Invite(ctx, pool, c, user, req, link); err != nil {
			h.Log.ErrorContext(ctx, "a user was not told of a request", "pool", pool.ID, "client", c.ID, "error", err)
		}
	}
	return &backchannelAnswer{ID: secret, ExpiresIn: int64(req.Expires.Sub(req.Created).Seconds()), Interval: int64(decoupled.Interval.Seconds())}, nil
}
