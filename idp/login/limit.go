package login

import (
	"errors"
	"net/http"
	"path"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// limited are the categories of what pages submit; all others are sign-ins.
var limited = map[string]userpool.Category{
	"signup": userpool.CategoryCreation, "confirm": userpool.CategoryCreation, "confirmUser": userpool.CategoryCreation,
	"resendcode":     userpool.CategoryRecovery,
	"forgotPassword": userpool.CategoryRecovery, "confirmforgotPassword": userpool.CategoryRecovery,
}

// limit counts a submitted form. Above a ceiling the error is a page that says so.
func (h *Handler) limit(w http.ResponseWriter, r *http.Request, v *visit) error {
	var client userpool.ClientID
	if v.client != nil {
		client = v.client.ID
	}
	return h.limitFor(w, r, v.pool.ID, client)
}

// Limit counts what another room does for a visit.
func (h *Handler) Limit(w http.ResponseWriter, r *http.Request, visit *Visit) error {
	return h.limit(w, r, visit.v)
}

// LimitPool is Limit where no visit is known yet.
func (h *Handler) LimitPool(w http.ResponseWriter, r *http.Request) error {
	return h.limitFor(w, r, userpool.PoolID(r.PathValue("pool")), "")
}

func (h *Handler) limitFor(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, client userpool.ClientID) error {
	c, ok := limited[path.Base(r.URL.Path)]
	if !ok {
		c = userpool.CategoryAuthentication
	}
	err := h.Limits.Allow(r.Context(), pool, client, c, web.RemoteIP(r))
	var over *userpool.Throttled
	if !errors.As(err, &over) {
		return err
	}
	web.RetryAfter(w.Header(), over.Wait)
	return web.Fail(http.StatusTooManyRequests, "Too many people are trying at once. Please go back and try again in a few seconds.", err)
}
