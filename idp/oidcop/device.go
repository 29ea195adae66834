package oidcop

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/userpool"
)

// devicePage is where a person types what the device shows, below the issuer.
const devicePage = "/device"

// A deviceAnswer is what a device shows its user, and polls with (RFC 8628 section 3.2).
type deviceAnswer struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
	PageOfCode string `json:"verification_uri_complete"`
	ExpiresIn  int64  `json:"expires_in"`
	Interval   int64  `json:"interval"`
}

// deviceAuthorization is the device authorization endpoint (RFC 8628 section 3.1).
func (h *Handler) deviceAuthorization(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	answer, err := h.startDevice(r, pool)
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (h *Handler) startDevice(r *http.Request, pool *userpool.Pool) (*deviceAnswer, error) {
	c, req, err := h.startDecoupled(r, pool, decoupled.Device, grantDevice)
	if err != nil {
		return nil, err
	}
	if req.Resource, err = audienceOf(c, r.PostForm.Get("resource")); err != nil {
		return nil, err
	}
	secret, err := h.Waiting.Add(r.Context(), req)
	if err != nil {
		return nil, err
	}
	page := h.Issuer(pool.ID) + devicePage
	return &deviceAnswer{DeviceCode: secret, UserCode: req.UserCode, Page: page,
		PageOfCode: page + "?" + url.Values{"user_code": {req.UserCode}}.Encode(),
		ExpiresIn:  int64(decoupled.Life.Seconds()), Interval: int64(decoupled.Interval.Seconds())}, nil
}

// startDecoupled reads what the requests of both kinds have: the client, which must
// be allowed the grant that ends in, and its scopes.
func (h *Handler) startDecoupled(r *http.Request, pool *userpool.Pool, kind, grant string) (*userpool.Client, *decoupled.Request, error) {
	if err := parseForm(r); err != nil {
		return nil, nil, err
	}
	if err := h.limit(r, pool); err != nil {
		return nil, nil, err
	}
	c, err := h.authenticate(r.Context(), pool, r)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains((&app{Client: c}).GetGrantTypes(), grant) {
		return nil, nil, oauthFail("unauthorized_client", "The client may not use this grant.")
	}
	scopes, err := h.authorizeScopes(r.Context(), c, r.PostForm.Get("scope"))
	if err != nil {
		return nil, nil, err
	}
	now := h.Now().UTC().Truncate(time.Microsecond)
	return c, &decoupled.Request{Kind: kind, Pool: pool.ID, Client: c.ID, Scopes: scopes, Created: now, Expires: now.Add(decoupled.Life),
		ACR: strings.Fields(r.PostForm.Get("acr_values"))}, nil
}
