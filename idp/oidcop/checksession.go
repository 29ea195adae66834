package oidcop

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/static"
)

// checkPage is the frame that apps ask whether their user is still signed in
// (OpenID Connect Session Management 1.0 section 3.3). It shows nothing, and its
// script tells an app nothing but whether the state that the app holds is still true.
var checkPage = template.Must(template.New("check").Parse(`<!doctype html>
<html lang="en" data-cookie="{{.Cookie}}">
<meta charset="utf-8">
<title>Session</title>
<script src="{{.Script}}"></script>
</html>
`))

// checkSession serves the frame, where browsers have the cookie that it reads.
func (h *Handler) checkSession(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	cookie := h.Browser.StateName(pool.ID)
	if cookie == "" {
		return web.Fail(http.StatusNotFound, "There is no such page.", nil)
	}
	var page bytes.Buffer
	err = checkPage.Execute(&page, struct{ Cookie, Script string }{cookie, static.Path("check-session.js")})
	if err != nil {
		return err
	}
	web.AllowFraming(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w) // if the reader left, nobody is there to tell
	return nil
}

// addSessionState adds to an answer what the app shows our frame later (section 2).
// It is bound to the app's origin: the frame's browser names the asker's, and another
// one gets no true answer. An app with a scheme of its own has no page to ask from.
func (h *Handler) addSessionState(v url.Values, req *request, sess *idp.Session) {
	if h.Browser.StateName(req.pool.ID) == "" {
		return
	}
	if origin := originOf(req.redirectURI); origin != "" {
		salt := rand.Text()
		v.Set("session_state", sessionState(string(req.client.ID), origin, browser.StateOf(sess), salt)+"."+salt)
	}
}

func sessionState(client, origin, state, salt string) string {
	sum := sha256.Sum256([]byte(client + " " + origin + " " + state + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// originOf writes the origin of an address as browsers do (RFC 6454 section 6.2),
// empty where it has none.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		u.Host = u.Hostname()
	}
	return u.Scheme + "://" + u.Host
}
