package samlidp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// nsNamed finds who an app means by a name, where no browser says it.
const nsNamed = "saml-named"

// SOAPLogoutURL is where apps of a pool send LogoutRequests themselves.
func (h *Handler) SOAPLogoutURL(pool userpool.PoolID) string {
	return h.Issuer(pool) + "/saml/slo/soap"
}

// speaksSOAP reports whether the app's metadata says that it speaks single logout by SOAP.
func (x *exchange) speaksSOAP() bool {
	return soapEndpoint(x.sp.SLO) != nil
}

// maxNamesakes is how many users an app may know by one name at a time, where they share
// an address: a newer one takes the place of the first.
const maxNamesakes = 8

func namedKey(pool userpool.PoolID, app ApplicationID, name string, place int) string {
	sum := sha256.Sum256([]byte(name))
	return string(pool) + "/" + string(app) + "/" + hex.EncodeToString(sum[:]) + "/" + strconv.Itoa(place)
}

// named returns the users whom the app was told of by a name, by their places.
func (x *exchange) named(ctx context.Context, name string) (subs [maxNamesakes]string, err error) {
	for i := range subs {
		sub, err := x.h.Ephemeral.Get(ctx, nsNamed, namedKey(x.pool.ID, x.app.ID, name, i))
		if err != nil && !errors.Is(err, ephemeral.ErrNotFound) {
			return subs, err
		}
		subs[i] = string(sub)
	}
	return subs, nil
}

// noteName remembers whom the app was told of by that name, for as long as its session.
func (x *exchange) noteName(ctx context.Context, sub, name string, until time.Time) error {
	if !x.speaksSOAP() {
		return nil
	}
	subs, err := x.named(ctx, name)
	if err != nil {
		return err
	}
	place := slices.Index(subs[:], sub)
	if place < 0 {
		place = max(0, slices.Index(subs[:], ""))
	}
	return x.h.Ephemeral.Put(ctx, nsNamed, namedKey(x.pool.ID, x.app.ID, name, place), []byte(sub), until)
}

// soapLogout takes a LogoutRequest that an app sends itself (Profiles 4.4.3.1, Bindings
// 3.2): all that it means ends at once, in every browser.
func (h *Handler) soapLogout(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := h.Limiter.LimitPool(w, r); err != nil {
		return err
	}
	raw, err := io.ReadAll(r.Body) // bounded where it is mounted
	if err != nil {
		return fault(w, "The request is too long.")
	}
	l, err := samlxml.LogoutBySOAP(raw)
	if err != nil {
		return fault(w, "The request is not a LogoutRequest.")
	}
	to := h.SOAPLogoutURL(pool.ID)
	if l.Envelope().Destination == "" { // which SOAP can do without
		to = ""
	}
	x, err := h.loggingOut(r.Context(), pool, l, to)
	if page := (*web.Error)(nil); errors.As(err, &page) {
		h.Log.InfoContext(r.Context(), "saml logout by SOAP refused", "pool", pool.ID, "error", err)
		return fault(w, "The request is not valid, not signed by an app that is registered here, or was used before.")
	}
	if err != nil {
		return err
	}
	status, err := x.endNamed(r.Context(), l.Request)
	if err != nil {
		return err
	}
	signer, err := x.signer(r.Context())
	if err != nil {
		return err
	}
	doc, err := signer.LogoutSOAP(&samlxml.LogoutResponse{Envelope: x.envelope(samlxml.NewID()), InResponseTo: l.Request.ID, Status: status}, "")
	if err != nil {
		return err
	}
	return soap(w, http.StatusOK, doc)
}

// endNamed ends the sessions that a request is about, and says what came of it: other
// SAML apps of these sessions, and the provider behind them, are told where they speak
// SOAP too (Core 3.7.3.2).
func (x *exchange) endNamed(ctx context.Context, req *samlxml.LogoutRequest) (samlxml.Status, error) {
	status := samlxml.Status{Code: saml.StatusSuccess}
	if req.NameID == nil {
		return samlxml.Status{Code: saml.StatusRequester, Second: saml.StatusRequestUnsupported, Message: "an EncryptedID is not read here"}, nil
	}
	subs, err := x.named(ctx, req.NameID.Value)
	if err != nil {
		return status, err
	}
	var ended ending
	for _, sub := range subs {
		if err = x.endMeant(ctx, sub, req, &ended); err != nil {
			break // those of what has ended are told: nobody would know of them at another try
		}
	}
	partial, tellErr := x.h.Leaving.TellAlone(ctx, x.pool.ID, ended.told, ended.from)
	if partial {
		status.Second = saml.StatusPartialLogout
	}
	return status, errors.Join(err, tellErr)
}

// An ending is whom sessions concern that ended without a browser: apps besides the one
// that asked, and providers.
type ending struct {
	told []*idp.Participant
	from []*idp.Upstream
}

// endMeant ends the sessions of one user that a request is about; of nobody none.
func (x *exchange) endMeant(ctx context.Context, sub string, req *samlxml.LogoutRequest, e *ending) error {
	if sub == "" {
		return nil
	}
	meant, err := x.meant(ctx, sub, req)
	if err != nil {
		return err
	}
	for root := range meant {
		if err := x.endRoot(ctx, sub, root, e); err != nil {
			return err
		}
	}
	return nil
}

// endRoot ends the sessions of one browser.
func (x *exchange) endRoot(ctx context.Context, sub string, root idp.Handle, e *ending) error {
	told, err := x.h.Participants.Participants(ctx, x.pool.ID, sub, root)
	if err != nil {
		return err
	}
	sessions := x.h.Leaving.Browser.Sessions
	list, err := sessions.Store.List(ctx, x.pool.ID, sub)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Root != root {
			continue
		}
		e.from = append(e.from, s.Upstream)
		if err := sessions.Close(ctx, s); err != nil {
			return err
		}
	}
	for _, p := range told {
		if p.Kind != idp.SAMLApp {
			continue // those hear of it by the end of the session
		}
		if p.Client != userpool.ClientID(x.app.ID) {
			e.told = append(e.told, p)
		}
		if err := x.h.Participants.Leave(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
