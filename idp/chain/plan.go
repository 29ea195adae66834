package chain

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	nsPlan    = "signout-plan"
	nsOutcome = "signout-outcome"

	life = 10 * time.Minute // of a sign-out, all apps together

	cookiePrefix = "ph_signout_" // and the pool
)

// A plan is what is to be done. It never changes, so that two tabs cannot undo each
// other's progress; what came of its stops is kept beside it.
type plan struct {
	Client userpool.ClientID // whose look the pages have; may be empty
	Goal   Goal
	Stops  []planned
	Mute   []string // names of apps that cannot be told

	Languages url.Values `json:",omitempty"` // what the query of the start said of them

	key string // of the plan in the store, not kept in it
}

// A planned stop is known to our own page by a token that nobody can guess: a link
// from elsewhere must not skip it.
type planned struct {
	Stop
	Token string
}

// An Outcome is what came of a stop.
type Outcome string

// The outcomes.
const (
	Waiting   Outcome = ""
	Asked     Outcome = "asked" // the browser went there
	Skipped   Outcome = "skipped"
	Refused   Outcome = "refused" // the app could not, or would not
	Confirmed Outcome = "confirmed"
)

// Over reports whether nothing more is expected of the stop.
func (o Outcome) Over() bool { return o != Waiting && o != Asked }

var errOver = web.Fail(http.StatusBadRequest, "This request has expired. Go back to the app and sign out once more.", ephemeral.ErrNotFound)

// keep stores a plan and returns the cookie that finds it. A browser does one sign-out
// of a pool at a time: the newest.
func (h *Handler) keep(ctx context.Context, pool userpool.PoolID, p *plan) (*http.Cookie, error) {
	secret, handle := idp.NewSecret()
	p.key = planKey(pool, handle)
	value, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if err := h.Ephemeral.Put(ctx, nsPlan, p.key, value, h.Now().Add(life)); err != nil {
		return nil, err
	}
	return h.cookie(pool, secret, life), nil
}

func planKey(pool userpool.PoolID, handle idp.Handle) string {
	return string(pool) + "/" + string(handle)
}

func (h *Handler) cookie(pool userpool.PoolID, secret string, age time.Duration) *http.Cookie {
	c := web.HostCookie(cookiePrefix+string(pool), secret, h.Secure)
	c.MaxAge = int(age.Seconds())
	return c
}

// plan returns the plan of this browser, or errOver.
func (h *Handler) plan(r *http.Request, pool userpool.PoolID) (*plan, error) {
	c, err := r.Cookie(web.CookieName(cookiePrefix+string(pool), h.Secure))
	if err != nil {
		return nil, errOver
	}
	key := planKey(pool, idp.HandleOf(c.Value))
	value, err := h.Ephemeral.Get(r.Context(), nsPlan, key)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, errOver
	}
	if err != nil {
		return nil, err
	}
	p := &plan{key: key}
	return p, json.Unmarshal(value, p)
}

// close forgets a plan. Of many callers one gets true.
func (h *Handler) close(w http.ResponseWriter, r *http.Request, pool userpool.PoolID, p *plan) (bool, error) {
	_, err := h.Ephemeral.Take(r.Context(), nsPlan, p.key)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return false, nil
	}
	http.SetCookie(w, h.cookie(pool, "", -time.Second))
	return err == nil, err
}

func (p *plan) outcomeKey(i int) string { return p.key + "/" + strconv.Itoa(i) }

// outcomes returns what came of each stop.
func (h *Handler) outcomes(ctx context.Context, p *plan) ([]Outcome, error) {
	all := make([]Outcome, len(p.Stops))
	for i := range p.Stops {
		value, err := h.Ephemeral.Get(ctx, nsOutcome, p.outcomeKey(i))
		if err != nil && !errors.Is(err, ephemeral.ErrNotFound) {
			return nil, err
		}
		all[i] = Outcome(value)
	}
	return all, nil
}

// note keeps what came of a stop. A confirmation stands, whatever comes later: an app
// may answer when somebody has given it up already.
func (h *Handler) note(ctx context.Context, p *plan, i int, o Outcome) error {
	before, err := h.Ephemeral.Get(ctx, nsOutcome, p.outcomeKey(i))
	if err != nil && !errors.Is(err, ephemeral.ErrNotFound) {
		return err
	}
	if Outcome(before) == Confirmed || o == Asked && Outcome(before).Over() {
		return nil
	}
	return h.Ephemeral.Put(ctx, nsOutcome, p.outcomeKey(i), []byte(o), h.Now().Add(life))
}

// find returns the stop that a token of our page names.
func (p *plan) find(token string) (int, bool) {
	for i := range p.Stops {
		if p.Stops[i].Token == token {
			return i, true
		}
	}
	return 0, false
}
