package federation

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCookieComesWithForms: what another site posts brings the cookie, which only https
// can have; scripts never see it.
func TestCookieComesWithForms(t *testing.T) {
	for secure, want := range map[bool]http.SameSite{true: http.SameSiteNoneMode, false: http.SameSiteLaxMode} {
		rec, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		h := &Handler{Secure: secure}
		mark := h.mark(rec, r)
		c := rec.Result().Cookies()[0]
		if c.SameSite != want || c.Secure != secure || !c.HttpOnly || c.Path != "/" || len(c.Value) != 43 {
			t.Errorf("%+v", c)
		}
		r.AddCookie(c)
		if !h.is(r, mark) || h.is(httptest.NewRequest(http.MethodGet, "/", nil), mark) || h.mark(httptest.NewRecorder(), r) != mark {
			t.Error("browsers are not told apart")
		}
	}
}
