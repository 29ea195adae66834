package federation

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
)

const cookieName = "ph_federation"

// seed tells the browser apart from others, by a cookie that comes with what other
// sites post; empty where it has none. Plain http has no such cookies: there, answers
// that are posted from another site find no browser.
func (h *Handler) seed(r *http.Request) string {
	c, err := r.Cookie(web.CookieName(cookieName, h.Secure))
	if err != nil || len(c.Value) != 43 {
		return ""
	}
	return c.Value
}

// mark is the handle of the browser's seed, which it is given where it has none.
func (h *Handler) mark(w http.ResponseWriter, r *http.Request) idp.Handle {
	seed := h.seed(r)
	if seed == "" {
		raw := make([]byte, 32)
		rand.Read(raw)
		seed = base64.RawURLEncoding.EncodeToString(raw)
		c := web.HostCookie(cookieName, seed, h.Secure)
		if h.Secure {
			c.SameSite = http.SameSiteNoneMode
		}
		http.SetCookie(w, c)
	}
	return idp.HandleOf(seed)
}

// is reports whether the request comes from the browser of a mark.
func (h *Handler) is(r *http.Request, mark idp.Handle) bool {
	seed := h.seed(r)
	return seed != "" && idp.HandleOf(seed) == mark
}

func newToken() string {
	raw := make([]byte, 24)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}
