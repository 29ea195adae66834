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
	c, ok := limited[path.Base(r.URL.Path)]
	if !ok {
		c = userpool.CategoryAuthentication
	}
	var client userpool.ClientID
	if v.client != nil {
		client = v.client.ID
	}
	err := h.Limits.Allow(r.Context(), v.pool.ID, client, c, web.RemoteIP(r))
	var over *userpool.Throttled
	if !errors.As(err, &over) {
		return err
	}
	web.RetryAfter(w.Header(), over.Wait)
	return web.Fail(http.StatusTooManyRequests, "Too many people are trying at once. Please go back and try again in a few seconds.", err)
}
