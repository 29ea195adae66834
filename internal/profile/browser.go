package profile

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// patience is how long a person may take.
	patience = 10 * time.Minute

	callbackPath = "/callback"
)

// Browser signs a person in with the browser of this machine: the authorization code
// flow with PKCE, answered to a loopback address (RFC 8252 section 7.3).
func (s *SignIn) Browser(ctx context.Context, c Config) (Tokens, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, s.HTTP), patience)
	defer cancel()
	p, err := discover(ctx, c, s.Now)
	if err != nil {
		return Tokens{}, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Tokens{}, err
	}
	p.RedirectURL = "http://" + listener.Addr().String() + callbackPath
	visit := &visit{provider: p, issuer: c.Issuer, state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(),
		answer: make(chan url.Values, 1)}
	server := &http.Server{Handler: visit, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = server.Serve(listener) }() // until it is closed
	defer func() { _ = server.Shutdown(context.WithoutCancel(ctx)) }()

	address := p.AuthCodeURL(visit.state, oidc.Nonce(visit.nonce), oauth2.S256ChallengeOption(visit.verifier))
	if s.Open == nil || s.Open(address) != nil {
		fmt.Fprintf(s.Out, "Open this page in a browser of this machine:\n\n  %s\n\n", address)
	} else {
		fmt.Fprintf(s.Out, "A browser opens to sign you in. If it does not, open this page:\n\n  %s\n\n", address)
	}
	return visit.redeem(ctx)
}

// A visit is one trip of the browser to the provider and back.
type visit struct {
	*provider

	issuer, state, nonce, verifier string

	answer chan url.Values // the one that carried our state
}

// ServeHTTP takes the provider's answer. Any page in any browser of this machine can
// call it: what does not carry our state ends nothing.
func (v *visit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	q := r.URL.Query()
	if r.Method != http.MethodGet || r.URL.Path != callbackPath || r.Host+callbackPath != v.RedirectURL[len("http://"):] ||
		subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(v.state)) != 1 {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintln(w, "There is nothing here.")
		return
	}
	select {
	case v.answer <- q:
		fmt.Fprintln(w, "You can close this page and go back to the terminal.")
	default:
		fmt.Fprintln(w, "This sign-in is over.")
	}
}

// redeem waits for the answer and gets tokens for its code.
func (v *visit) redeem(ctx context.Context) (Tokens, error) {
	var q url.Values
	select {
	case q = <-v.answer:
	case <-ctx.Done():
		return Tokens{}, fmt.Errorf("nobody signed in: %w", ctx.Err())
	}
	if iss := q.Get("iss"); iss != v.issuer && (iss != "" || v.names) {
		return Tokens{}, errors.New("the answer comes from another issuer")
	}
	if code := q.Get("error"); code != "" {
		return Tokens{}, fmt.Errorf("the issuer refused: %s", printable(code+" "+q.Get("error_description")))
	}
	t, err := v.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(v.verifier))
	if err != nil {
		return Tokens{}, err
	}
	return v.tokens(ctx, t, v.nonce)
}
