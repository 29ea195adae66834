package login

import (
	"html/template"
	"net/http"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// frameTime is how long the page after a sign-out waits for the apps in its frames,
// in seconds, where no script can tell that they are done.
const frameTime = "5"

// AskSignOut asks whether somebody wants to sign out. Signing out is not done at the
// wish of another site.
func (h *Handler) AskSignOut(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, step string) error {
	p := &view{Frame: h.Frame(w, r, pool, client, "signout.title")}
	p.Step = step
	return h.Pages.Render(w, http.StatusOK, "signout.html", p)
}

// CheckForm verifies that a form is one of our pages', sent by this browser.
func (h *Handler) CheckForm(r *http.Request, pool userpool.PoolID) error {
	return h.Forms.Check(r, string(pool))
}

// ShowSigningOut loads the frames, each an app that forgets the user, and then leads
// to next, which must be an address that may be gone to. The Refresh header does
// without a script; with one nobody waits longer than the apps take.
func (h *Handler) ShowSigningOut(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, frames []string, next string) error {
	p := &view{Frame: h.Frame(w, r, pool, client, "signingout.title"), Next: template.URL(next), Frames: frames}
	p.all = nil // the page is not there a second time, in whatever language
	web.AllowFrames(w.Header(), frames)
	w.Header().Set("Refresh", frameTime+"; url="+next)
	return h.Pages.Render(w, http.StatusOK, "signingout.html", p)
}
