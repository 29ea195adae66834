package oidcop

import (
	"context"
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
	c, err := h.decoupledClient(r, pool, grantDevice)
	if err != nil {
		return nil, err
	}
	req, err := h.decoupledRequest(r.Context(), c, r.PostForm, decoupled.Device)
	if err != nil {
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

// decoupledClient returns the client of a request whose answer comes by a grant of
// another device. It must be allowed that grant.
func (h *Handler) decoupledClient(r *http.Request, pool *userpool.Pool, grant string) (*userpool.Client, error) {
	if err := parseForm(r); err != nil {
		return nil, err
	}
	if err := h.limit(r, pool); err != nil {
		return nil, err
	}
	c, err := h.authenticate(r.Context(), pool, r)
	if err == nil && !slices.Contains((&app{Client: c}).GetGrantTypes(), grant) {
		err = oauthFail("unauthorized_client", "The client may not use this grant.")
	}
	return c, err
}

// decoupledRequest reads what such requests have in common.
func (h *Handler) decoupledRequest(ctx context.Context, c *userpool.Client, form url.Values, kind string) (*decoupled.Request, error) {
	scopes, err := h.authorizeScopes(ctx, c, form.Get("scope"))
	if err != nil {
		return nil, err
	}
	resource, err := audienceOf(c, form.Get("resource"))
	if err != nil {
		return nil, err
	}
	now := h.Now().UTC().Truncate(time.Microsecond)
	return &decoupled.Request{Kind: kind, Pool: c.Pool, Client: c.ID, Scopes: scopes, Resource: resource, Created: now, Expires: now.Add(decoupled.Life),
		ACR: strings.Fields(form.Get("acr_values"))}, nil
}
