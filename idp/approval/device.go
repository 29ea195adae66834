package approval

import (
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/internal/web"
)

// How often a user may be wrong about a code before they have to wait (RFC 8628
// section 5.1): with 20^8 codes nobody finds one.
const (
	maxGuesses  = 10
	guessWindow = 10 * time.Minute
	nsGuess     = "device-guess"
)

// showDevice asks for the code that a device shows. A code in the address fills the
// field and does nothing else: a link that somebody sent must not be enough.
func (h *Handler) showDevice(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	p := &view{Frame: h.Login.Frame(w, r, v.pool, nil, "approval.device-title"), Code: decoupled.NormalCode(r.URL.Query().Get("user_code"))}
	return h.Login.Pages.Render(w, http.StatusOK, "device.html", p)
}

// submitDevice takes the code, then the decision.
func (h *Handler) submitDevice(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	guesser := string(v.pool.ID) + "/" + v.user.Sub
	// Counted before the answer, and given back for a right one: of many guesses sent
	// at once none is too many.
	guesses, err := h.Ephemeral.Count(r.Context(), nsGuess, guesser, 1, guessWindow)
	if err != nil {
		return err
	}
	if guesses > maxGuesses {
		return h.deviceAgain(w, r, v, http.StatusTooManyRequests, "problem.limit")
	}
	id, req, err := h.Waiting.ByUserCode(r.Context(), v.pool.ID, decoupled.NormalCode(r.PostForm.Get("user_code")))
	if gone(err) {
		return h.deviceAgain(w, r, v, http.StatusBadRequest, "approval.device-unknown")
	}
	if err != nil {
		return err
	}
	if _, err := h.Ephemeral.Count(r.Context(), nsGuess, guesser, -1, guessWindow); err != nil {
		return err
	}
	if r.PostForm.Has("decision") {
		return h.decide(w, r, v, id, req)
	}
	return h.ask(w, r, v, id, req, "/device")
}

func (h *Handler) deviceAgain(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	p := &view{Frame: h.Login.Frame(w, r, v.pool, nil, "approval.device-title")}
	p.Error = p.T(problem)
	if status == http.StatusTooManyRequests {
		web.RetryAfter(w.Header(), guessWindow)
	}
	return h.Login.Pages.Render(w, status, "device.html", p)
}
