package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// MaxForm is the largest form that a page accepts, in bytes.
const MaxForm = 64 << 10

// A Handler serves a request or returns an error without having written anything.
type Handler func(w http.ResponseWriter, r *http.Request) error

// A Mux routes requests to Handlers, logs each once, and renders what they
// return. It refuses cross-origin POSTs to pages and bounds every body.
type Mux struct {
	Log *slog.Logger

	// ErrorPage renders an error. The Mux has logged it already.
	ErrorPage func(w http.ResponseWriter, r *http.Request, e *Error) error

	mux      http.ServeMux
	patterns []string
	origin   http.CrossOriginProtection
}

// NewMux returns an empty Mux.
func NewMux(log *slog.Logger, errorPage func(http.ResponseWriter, *http.Request, *Error) error) *Mux {
	return &Mux{Log: log, ErrorPage: errorPage}
}

// TrustOrigin has forms be accepted from a page at origin (scheme://host[:port])
// whatever the Host of the request: behind a proxy that changes it, our own pages
// look like another site's. Call it before the Mux serves.
func (m *Mux) TrustOrigin(origin string) error { return m.origin.AddTrustedOrigin(origin) }

// Get serves a page, for GET and HEAD.
func (m *Mux) Get(pattern string, h Handler) { m.handle("GET "+pattern, h) }

// Post serves a form that one of our own pages sent.
func (m *Mux) Post(pattern string, h Handler) {
	m.handle("POST "+pattern, func(w http.ResponseWriter, r *http.Request) error {
		if err := m.fromOurs(r); err != nil {
			return Fail(http.StatusForbidden, "This form was sent from another site.", err)
		}
		return h(w, r)
	})
}

// fromOurs refuses a POST that the browser says comes from another site. A page
// with our Referrer-Policy sends Origin: null, and on plain http, as with older
// browsers, nothing else tells: then the form's token decides alone.
func (m *Mux) fromOurs(r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
		return nil
	}
	return m.origin.Check(r)
}

// Endpoint serves what programs and other sites call, with any method. The
// handler decides about methods and origins itself.
func (m *Mux) Endpoint(pattern string, h Handler) { m.handle(pattern, h) }

// LargeEndpoint is Endpoint for bodies of up to limit bytes.
func (m *Mux) LargeEndpoint(pattern string, limit int64, h Handler) {
	m.patterns = append(m.patterns, pattern)
	m.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { m.serve(w, r, limit, h) })
}

// Patterns returns what the Mux serves, as [http.ServeMux] spells it.
func (m *Mux) Patterns() []string { return slices.Clone(m.patterns) }

// ServeHTTP implements http.Handler.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := m.mux.Handler(r); pattern == "" {
		m.serve(w, r, MaxForm, func(http.ResponseWriter, *http.Request) error { return m.notFound(r) })
		return
	}
	m.mux.ServeHTTP(w, r)
}

// notFound tells a wrong method from a wrong address as the ServeMux does.
func (m *Mux) notFound(r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := m.mux.Handler(probe); pattern != "" {
			return Fail(http.StatusMethodNotAllowed, "This address does not answer such a request.", nil)
		}
	}
	return Fail(http.StatusNotFound, "There is no such page.", nil)
}

func (m *Mux) handle(pattern string, h Handler) {
	m.LargeEndpoint(pattern, MaxForm, h)
}

func (m *Mux) serve(w http.ResponseWriter, r *http.Request, limit int64, h Handler) {
	start := time.Now()
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	m.headers(w)
	rec := &recorder{ResponseWriter: w}
	if !IsText(url.Values{"path": {r.URL.Path}}) {
		h = func(http.ResponseWriter, *http.Request) error {
			return Fail(http.StatusBadRequest, "There is no such page.", nil)
		}
	}
	err := h(rec, r)
	if err != nil {
		m.fail(rec, r, asError(err))
	}
	m.log(r, rec.status, time.Since(start), err)
}

func (m *Mux) headers(w http.ResponseWriter) {
	SetPageHeaders(w.Header())
	w.Header().Set("X-Request-Id", newRequestID())
}

// fail renders e. Where even that fails, a bare line of text is left.
func (m *Mux) fail(rec *recorder, r *http.Request, e *Error) {
	if rec.status != 0 {
		return // the handler broke its promise; half a page cannot be mended
	}
	if err := m.ErrorPage(rec, r, e); err != nil && rec.status == 0 {
		m.Log.Error("error page failed", "error", err)
		http.Error(rec, e.Text, e.Status)
	}
}

// log writes one line per request. The query stays out: it carries codes.
func (m *Mux) log(r *http.Request, status int, took time.Duration, err error) {
	level := slog.LevelDebug
	args := []any{"method", r.Method, "path", r.URL.Path, "status", status, "took", took, "from", RemoteIP(r)}
	if err != nil {
		level = slog.LevelInfo
		args = append(args, "error", err.Error())
	}
	if e := (*Error)(nil); status >= 500 || err != nil && !errors.As(err, &e) {
		level = slog.LevelError
	}
	m.Log.Log(r.Context(), level, "page", args...)
}

// A recorder remembers whether and how the response began.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the real writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func newRequestID() string {
	raw := make([]byte, 8)
	rand.Read(raw)
	return hex.EncodeToString(raw)
}

// RemoteIP is the address of the peer. A server behind a trusted proxy rewrites
// RemoteAddr before it gets here; no header is read.
func RemoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
