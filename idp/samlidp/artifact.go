package samlidp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	nsArtifact   = "saml-artifact"
	artifactLife = time.Minute // an app asks at once, over a connection of its own
)

// A held response waits for its app to ask for it.
type held struct {
	App      ApplicationID
	Response []byte
}

// ArtifactURL is where apps of a pool resolve artifacts.
func (h *Handler) ArtifactURL(pool userpool.PoolID) string { return h.Issuer(pool) + "/saml/artifact" }

// handOver sends the browser to the app with an artifact in place of the Response
// (Bindings 3.6.3), which waits here.
func (x *exchange) handOver(w http.ResponseWriter, r *http.Request, response []byte) error {
	artifact := samlxml.NewArtifact(x.h.EntityID(x.pool.ID))
	value, err := json.Marshal(held{x.app.ID, response})
	if err != nil {
		return err
	}
	err = x.h.Ephemeral.Put(r.Context(), nsArtifact, artifactKey(x.pool.ID, artifact), value, x.h.Now().Add(artifactLife))
	if err != nil {
		return err
	}
	query := url.Values{"SAMLart": {artifact}}
	if x.relayState != "" {
		query.Set("RelayState", x.relayState)
	}
	location := x.acs.Location + "?" + query.Encode()
	if strings.Contains(x.acs.Location, "?") {
		location = x.acs.Location + "&" + query.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, location, http.StatusSeeOther)
	return nil
}

func artifactKey(pool userpool.PoolID, artifact string) string { return string(pool) + "/" + artifact }

// resolveArtifact gives a Response to the app that it was made for, once (Bindings
// 3.6.6). The app proves who it is by the signature of its request: without the key,
// an artifact that somebody saw pass by is worth nothing.
func (h *Handler) resolveArtifact(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(r.Body) // bounded where it is mounted
	if err != nil {
		return fault(w, "The request is too long.")
	}
	req, app, err := h.resolver(r.Context(), pool, raw)
	if err != nil {
		h.Log.InfoContext(r.Context(), "saml artifact not resolved", "pool", pool.ID, "error", err)
		return fault(w, "The request is not valid, or not signed by an app that is registered here.")
	}
	response, err := h.takeHeld(r.Context(), pool.ID, app, req.Artifact)
	if err != nil {
		return err
	}
	x, err := h.exchange(pool, app)
	if err != nil {
		return err
	}
	signer, err := x.signer(r.Context())
	if err != nil {
		return err
	}
	doc, err := signer.WriteArtifactResponse(h.EntityID(pool.ID), req.ID, h.Now(), response)
	if err != nil {
		return err
	}
	return soap(w, http.StatusOK, doc)
}

// resolver reads and verifies an ArtifactResolve, and returns the app that sent it.
func (h *Handler) resolver(ctx context.Context, pool *userpool.Pool, raw []byte) (*samlxml.ArtifactResolve, *Application, error) {
	req, err := samlxml.ParseArtifactResolve(raw)
	if err != nil {
		return nil, nil, err
	}
	app, err := h.Apps.ApplicationByEntityID(ctx, pool.ID, req.Issuer)
	if err != nil {
		return nil, nil, err
	}
	p, err := h.parties.get(app)
	if err != nil {
		return nil, nil, err
	}
	if err := req.Verify(p.Signing); err != nil {
		return nil, nil, err
	}
	age := h.Now().Sub(req.IssueInstant)
	switch {
	case req.Issuer != app.EntityID:
		return nil, nil, errors.New("samlidp: the verified issuer is another")
	case req.Destination != "" && req.Destination != h.ArtifactURL(pool.ID):
		return nil, nil, errors.New("samlidp: meant for another destination")
	case age > samlxml.Skew || age < -samlxml.Skew:
		return nil, nil, errors.New("samlidp: too old, or from the future")
	}
	return req, app, nil
}

// takeHeld returns the Response behind an artifact; nil where there is none for that
// app. Another app's stays where it is.
func (h *Handler) takeHeld(ctx context.Context, pool userpool.PoolID, app *Application, artifact string) ([]byte, error) {
	if !samlxml.IsArtifact(artifact, h.EntityID(pool)) {
		return nil, nil
	}
	key := artifactKey(pool, artifact)
	value, err := h.Ephemeral.Get(ctx, nsArtifact, key)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var waiting held
	if err := json.Unmarshal(value, &waiting); err != nil || waiting.App != app.ID {
		return nil, err
	}
	if _, err = h.Ephemeral.Take(ctx, nsArtifact, key); errors.Is(err, ephemeral.ErrNotFound) {
		return nil, nil // somebody was faster
	}
	return waiting.Response, err
}

func soap(w http.ResponseWriter, status int, doc []byte) error {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	w.WriteHeader(status)
	_, err := w.Write(doc)
	return err
}

// fault answers what cannot be answered otherwise, as SOAP 1.1 over HTTP wants it (6.2).
func fault(w http.ResponseWriter, text string) error {
	return soap(w, http.StatusInternalServerError, samlxml.WriteFault(text))
}
