package login

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/look"
)

// Looks knows how pages look, and what they link to. *userpool.Service does.
type Looks interface {
	Look(ctx context.Context, p *userpool.Pool, client userpool.ClientID) (*userpool.Look, error)
	Image(ctx context.Context, pool userpool.PoolID, file string) (*userpool.Image, error)
	TermsOf(ctx context.Context, c *userpool.Client) ([]*userpool.Terms, error)
}

// A brand is what a page loads to look as somebody wants it to. The addresses
// carry hashes of what is there, so that it may be cached for ever.
type brand struct {
	Stylesheet     string
	Logo, LogoDark string // LogoDark where it stands in on dark devices
	Icons          []icon
}

// An icon is for the browser's tab.
type icon struct{ Address, Type string }

// brand returns the brand of a pool's pages, or of one of its clients'; nil for our
// own look. A look that cannot be found is no reason to keep people from signing in.
func (h *Handler) brand(r *http.Request, p *userpool.Pool, id userpool.ClientID) *brand {
	l, err := h.Looks.Look(r.Context(), p, id)
	if err != nil {
		h.Log.ErrorContext(r.Context(), "no look for a page", "pool", p.ID, "client", id, "error", err)
	}
	if l == nil || err != nil {
		return nil
	}
	at := brandingPath(p.ID)
	_, hash := stylesheet(p.ID, l)
	b := &brand{Stylesheet: at + hash + "/" + cmp.Or(string(id), string(userpool.AllClients)) + ".css"}
	first, second := l.Logo, l.LogoDark
	if l.Theme.Mode == look.Dark && second != nil {
		first = second
	}
	if first != nil {
		b.Logo = at + first.File()
	}
	if l.Theme.Mode == look.Dynamic && second != nil && second != first {
		b.LogoDark = at + second.File()
	}
	for _, i := range l.Favicons {
		b.Icons = append(b.Icons, icon{at + i.File(), look.Types[i.Type]})
	}
	return b
}

func brandingPath(pool userpool.PoolID) string { return "/" + string(pool) + "/branding/" }

// stylesheet writes the sheet of a look, and its hash.
func stylesheet(pool userpool.PoolID, l *userpool.Look) (css, hash string) {
	var images look.Images
	if l.Background != nil {
		images.Background = brandingPath(pool) + l.Background.File()
	}
	if l.BackgroundDark != nil {
		images.BackgroundDark = brandingPath(pool) + l.BackgroundDark.File()
	}
	css = l.Theme.Stylesheet(images)
	sum := sha256.Sum256([]byte(css))
	return css, hex.EncodeToString(sum[:8])
}

const forEver = "public, max-age=31536000, immutable"

// showStylesheet serves the sheet of a client. Under the hash of another version
// it serves the present one, which then is not kept.
func (h *Handler) showStylesheet(w http.ResponseWriter, r *http.Request) error {
	id, ok := strings.CutSuffix(r.PathValue("file"), ".css")
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) || err == nil && !ok {
		return errNoPage
	}
	if err != nil {
		return err
	}
	if id == string(userpool.AllClients) {
		id = ""
	}
	l, err := h.Looks.Look(r.Context(), pool, userpool.ClientID(id))
	if err != nil {
		return err
	}
	if l == nil {
		return errNoPage
	}
	css, hash := stylesheet(pool.ID, l)
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	if hash == r.PathValue("hash") {
		w.Header().Set("Cache-Control", forEver)
	}
	_, _ = w.Write([]byte(css)) // if the reader left, nobody is there to tell
	return nil
}

var errNoPage = web.Fail(http.StatusNotFound, "There is no such page.", nil)

// showImage serves an image of a pool. A drawing is shown by itself only without
// whatever could run in it.
func (h *Handler) showImage(w http.ResponseWriter, r *http.Request) error {
	i, err := h.Looks.Image(r.Context(), userpool.PoolID(r.PathValue("pool")), r.PathValue("file"))
	if errors.Is(err, userpool.ErrNotFound) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", look.Types[i.Type])
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // an app may show the logo too
	w.Header().Set("Cache-Control", forEver)
	_, _ = w.Write(i.Body) // if the reader left, nobody is there to tell
	return nil
}

// A link leads to a document elsewhere.
type link struct {
	Label   string
	Address template.URL // userpool.Terms has https addresses only
}

// terms are the links that a client shows to people who sign up.
func (h *Handler) terms(r *http.Request, v *visit, lang *words.Language) []link {
	all, err := h.Looks.TermsOf(r.Context(), v.client)
	if err != nil {
		h.Log.ErrorContext(r.Context(), "no terms for a page", "pool", v.pool.ID, "client", v.client.ID, "error", err)
	}
	var links []link
	for _, t := range all {
		if address := t.Link(wanted(r)); address != "" {
			links = append(links, link{lang.Text("signup." + t.Name), template.URL(address)})
		}
	}
	return links
}
