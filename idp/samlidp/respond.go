package samlidp

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// answer sends the user's browser to the app with an assertion. A refusal goes
// there as well.
func (x *exchange) answer(w http.ResponseWriter, r *http.Request, s *idp.Session) error {
	out, err := x.success(r.Context(), s)
	if err != nil {
		return x.fail(w, r, err)
	}
	if err := x.join(r.Context(), s, out.Assertion); err != nil {
		return err
	}
	x.record(r, s, "")
	return x.post(w, r, out)
}

// record has the event log remember what the app is answered.
func (x *exchange) record(r *http.Request, s *idp.Session, code string) {
	if x.h.Events == nil {
		return
	}
	e := idp.Event{Name: idp.EventSAML, Pool: x.pool.ID, Client: userpool.ClientID(x.app.ID), Address: web.RemoteIP(r), UserAgent: r.UserAgent(), Error: code}
	if s != nil {
		e.By(s)
	}
	if x.user != nil && s != nil {
		e.Username = x.user.Username
	}
	x.h.Events.Record(r.Context(), e)
}

// success makes the Response with an assertion about the session's user.
func (x *exchange) success(ctx context.Context, s *idp.Session) (*samlxml.Outgoing, error) {
	if err := x.chooseContext(s.Methods); err != nil {
		return nil, err
	}
	session, err := x.session(ctx, s)
	if err != nil {
		return nil, err
	}
	signer, err := x.signer(ctx)
	if err != nil {
		return nil, err
	}
	out := x.response(samlxml.Status{Code: saml.StatusSuccess})
	out.SignResponse, out.SignAssertion = x.app.SignResponse, x.app.SignAssertion
	if x.app.EncryptAssertion || x.app.Settings.EncryptIfOffered {
		out.Encrypt = encryptionFor(x.app, x.sp.SPMetadata)
	}
	if out.Encrypt == nil && x.app.EncryptAssertion {
		return nil, errors.New("samlidp: no key to encrypt with")
	}
	// A reader that verifies before it decrypts needs a signature outside.
	out.SignResponse = out.SignResponse || out.Encrypt != nil
	out.Assertion, err = x.assertion(signer, session)
	return out, err
}

// fail tells the app of a refusal. Any other error is a page.
func (x *exchange) fail(w http.ResponseWriter, r *http.Request, err error) error {
	var no *refusal
	if !errors.As(err, &no) {
		return err
	}
	x.record(r, nil, no.code())
	if x.request == nil { // nobody asked, so nobody waits for an answer
		return web.Fail(http.StatusForbidden, "You cannot be signed in to this app. Ask the people who run it.", err)
	}
	x.h.Log.Info("saml sign-in refused", "pool", x.pool.ID, "app", x.app.ID, "status", no.Second, "reason", no.Message)
	out := x.response(no.Status)
	out.SignResponse = true
	return x.post(w, r, out)
}

// response is the frame of a Response to the app.
func (x *exchange) response(status samlxml.Status) *samlxml.Outgoing {
	return &samlxml.Outgoing{
		ID: samlxml.NewID(), Issuer: x.h.EntityID(x.pool.ID), Destination: x.acs.Location,
		InResponseTo: x.inResponseTo(), IssueInstant: x.h.Now(), Status: status,
	}
}

// post writes the page that carries a Response to the app (Bindings 3.5.4), or sends
// the browser there with an artifact.
func (x *exchange) post(w http.ResponseWriter, r *http.Request, out *samlxml.Outgoing) error {
	signer, err := x.signer(r.Context())
	if err != nil {
		return err
	}
	raw, err := signer.WriteResponse(out)
	if err != nil {
		return err
	}
	if x.acs.Binding == saml.HTTPArtifactBinding {
		return x.handOver(w, r, raw)
	}
	page := web.Post{To: x.acs.Location, App: x.app.Name, Script: x.h.Script, Text: x.h.Wording.Text(r, x.app.Name),
		Fields: []web.PostField{{Name: "SAMLResponse", Value: base64.StdEncoding.EncodeToString(raw)}}}
	if x.relayState != "" {
		page.Fields = append(page.Fields, web.PostField{Name: "RelayState", Value: x.relayState})
	}
	return page.Write(w)
}
