package login

import (
	"html/template"
	"net/http"

	"github.com/poolhouse/poolhouse/idp/chain"
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

// A leavingView is what the pages between and after the apps of a sign-out read.
type leavingView struct {
	view
	*chain.Leaving
	Missed, Mute []string // of chain.Left
}

// ShowLeaving leads to the next app of a sign-out.
func (h *Handler) ShowLeaving(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, l *chain.Leaving) error {
	p := &leavingView{view: view{Frame: h.Frame(w, r, pool, client, "signingout.title")}, Leaving: l}
	return h.Pages.Render(w, http.StatusOK, "leaving.html", p)
}

// ShowLeft says who did not confirm a sign-out. Its Next must be an address that may be
// gone to.
func (h *Handler) ShowLeft(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, l *chain.Left) error {
	p := &leavingView{view: view{Frame: h.Frame(w, r, pool, client, "signedout.title"), Next: template.URL(l.Next)}, Missed: l.Missed, Mute: l.Mute}
	return h.Pages.Render(w, http.StatusOK, "left.html", p)
}
