// Package clientauth finds out which app sends a request to an endpoint for
// programs, and has it proved: by a secret, by a signed assertion (RFC 7523), by a
// certificate (RFC 8705), or not at all where the app is a public one.
//
// One way is a client's own. Whoever shows two at once is refused, and so is a
// client that shows another than its own, even if it would hold.
package clientauth

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Refusal is a client that could not be authenticated. Both texts are for the app.
type Refusal struct {
	Code        string // of RFC 6749 section 5.2
	Description string
}

func (e *Refusal) Error() string { return e.Code + ": " + e.Description }

func refuse(text string) error { return &Refusal{"invalid_client", text} }

// errFailed does not say whether there is such a client.
var errFailed = refuse("Client authentication failed.")

// Clients finds clients. userpool.Store does.
type Clients interface {
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
}

// An Authenticator authenticates clients. Use it by pointer.
type Authenticator struct {
	Clients   Clients
	Ephemeral ephemeral.Store // remembers assertions
	Remote    *jose.RemoteKeys
	Roots     *x509.CertPool // who may certify clients; nil where nobody does
	Issuer    func(userpool.PoolID) string
	Now       func() time.Time
}

// A Request is what a client sent.
type Request struct {
	Pool          *userpool.Pool
	Form          url.Values          // of the body
	Authorization []string            // header
	Certificates  []*x509.Certificate // of its connection, its own first; nobody has judged them
	Endpoint      string              // below the issuer, "/oauth2/token" for instance
}

// Authenticate returns the client that sent the request, or a *Refusal.
func (a *Authenticator) Authenticate(ctx context.Context, r *Request) (*userpool.Client, error) {
	s, err := read(r)
	if err != nil {
		return nil, err
	}
	c, err := a.Clients.Client(ctx, userpool.ClientID(s.id))
	if errors.Is(err, userpool.ErrClientNotFound) || err == nil && (c.Pool != r.Pool.ID || string(c.ID) != s.id) {
		return nil, errFailed
	}
	if err != nil {
		return nil, err
	}
	return c, a.prove(ctx, r, c, s)
}

// prove checks what was sent by the one method that the client has.
func (a *Authenticator) prove(ctx context.Context, r *Request, c *userpool.Client, s *sent) error {
	method, ok := methodOf(c, s.method)
	if !ok {
		return errFailed
	}
	switch method {
	case userpool.AuthBasic, userpool.AuthPost:
		if s.secret == "" || c.CheckSecret(s.secret) != nil {
			return errFailed
		}
		return nil
	case userpool.AuthSecretJWT, userpool.AuthPrivateKeyJWT:
		return a.checkAssertion(ctx, r, c, s.assertion, method)
	case userpool.AuthTLS:
		return a.checkCertificate(r, c)
	case userpool.AuthSelfSignedTLS:
		return a.checkSelfSigned(ctx, r, c)
	}
	if c.Secret != "" && c.OpenID.AuthMethod == "" {
		return errFailed
	}
	return nil // a public client
}

// methodOf returns the method that a client is to prove itself by, and whether what
// it sent may be that. Without a setting it is as with Cognito: a client that has
// a secret sends it in the header or in the body, whichever it likes.
func methodOf(c *userpool.Client, shown string) (method string, ok bool) {
	method = c.OpenID.AuthMethod
	switch {
	case c.OpenID.FAPI && method != userpool.AuthPrivateKeyJWT && method != userpool.AuthTLS && method != userpool.AuthSelfSignedTLS:
		return "", false // FAPI 2.0 section 5.3.2.1
	case method == "" && c.Secret == "":
		return userpool.AuthNone, shown == userpool.AuthNone
	case method == "":
		return shown, shown == userpool.AuthBasic || shown == userpool.AuthPost
	case method == userpool.AuthSecretJWT || method == userpool.AuthPrivateKeyJWT:
		return method, shown == assertion
	case method == userpool.AuthTLS || method == userpool.AuthSelfSignedTLS:
		return method, shown == userpool.AuthNone
	}
	return method, shown == method
}

// Methods are those that clients may have, as discovery names them: with
// certificates where they can reach this server.
func Methods(certificates bool) []string {
	methods := []string{userpool.AuthBasic, userpool.AuthPost, userpool.AuthSecretJWT, userpool.AuthPrivateKeyJWT, userpool.AuthNone}
	if certificates {
		methods = append(methods, userpool.AuthTLS, userpool.AuthSelfSignedTLS)
	}
	return methods
}
