package samlidp

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
)

// maxRelayState bounds what an app may have carried along, in bytes. The
// standard says 80; Cognito and others send more.
const maxRelayState = 4 << 10

// sso answers an AuthnRequest by the redirect or the POST binding.
func (h *Handler) sso(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	raw, relayState, signature, err := received(r)
	if err != nil {
		return badRequest("The app sent a sign-in request that cannot be read.", err)
	}
	if len(relayState) > maxRelayState {
		return badRequest("The app sent a sign-in request that is too long.", nil)
	}
	x, err := h.begin(r.Context(), pool, raw, signature)
	if err != nil {
		return err
	}
	if err := x.claim(r.Context()); err != nil {
		return err
	}
	x.relayState = relayState
	if err := x.check(); err != nil {
		return x.fail(w, r, err)
	}
	return x.signIn(w, r)
}

// claim refuses a request that arrived before: somebody may have kept it. It is
// remembered for as long as its time would let it pass.
func (x *exchange) claim(ctx context.Context) error {
	key := string(x.pool.ID) + "\n" + string(x.app.ID) + "\n" + x.request.ID
	first, err := x.h.Ephemeral.Claim(ctx, "saml-request", key, x.received.Add(2*samlxml.Skew))
	if err != nil {
		return err
	}
	if !first {
		return badRequest("This sign-in request was used before. Go back to the app and start again.", nil)
	}
	return nil
}

// A signatureCheck judges the signature of a request as its binding wants it. It
// returns samlxml.ErrNoSignature where there is none.
type signatureCheck = func(*samlxml.AuthnRequest, []*x509.Certificate) error

// received reads the message from a request.
func received(r *http.Request) (raw []byte, relayState string, signature signatureCheck, err error) {
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return nil, "", nil, err
		}
		if len(r.PostForm["SAMLRequest"]) != 1 || len(r.PostForm["RelayState"]) > 1 {
			return nil, "", nil, samlxml.ErrMalformed
		}
		raw, err = samlxml.DecodePost(r.PostForm.Get("SAMLRequest"))
		return raw, r.PostForm.Get("RelayState"), (*samlxml.AuthnRequest).Verify, err
	}
	in, err := samlxml.ParseRedirect(r.URL.RawQuery)
	if err != nil {
		return nil, "", nil, err
	}
	if in.IsResponse {
		return nil, "", nil, samlxml.ErrMalformed
	}
	// A signature in the XML counts for nothing here (Bindings 3.4.4.1).
	query := func(_ *samlxml.AuthnRequest, certs []*x509.Certificate) error { return in.VerifySignature(certs) }
	return in.Message, in.RelayState, query, nil
}

var errPassive = refuse(saml.StatusResponder, saml.StatusNoPassive, "the user would have to sign in")

func (x *exchange) passive() bool { return x.request != nil && x.request.IsPassive }

// signIn answers at once if the browser has a session that will do, and else has
// the user sign in first.
func (x *exchange) signIn(w http.ResponseWriter, r *http.Request) error {
	force := x.request != nil && x.request.ForceAuthn
	if !force {
		cur, err := x.h.Gate.Current(r, x.pool, false)
		if err == nil {
			x.user = cur.User
			return x.answer(w, r, cur.Session)
		}
		if !errors.Is(err, idp.ErrSessionNotFound) {
			return err
		}
	}
	if x.passive() && (force || r.Method != http.MethodPost) {
		return x.fail(w, r, errPassive)
	}
	returnTo, err := x.park(w, r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		// Another site had the browser post this, and so it left the cookie of its
		// session behind (SameSite=Lax). It brings it when it comes by itself.
		web.Redirect(w, r, returnTo)
		return nil
	}
	if s, ok := x.h.Gate.RequireSession(w, r, x.pool, returnTo, force); ok {
		return x.answer(w, r, s) // a session that came up in between
	}
	return nil
}
