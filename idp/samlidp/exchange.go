package samlidp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// An exchange is one sign-in to one app, from request to response.
type exchange struct {
	h    *Handler
	pool *userpool.Pool
	app  *Application
	sp   *party
	acs  saml.IndexedEndpoint

	enhanced bool // a client other than a browser carries the messages: see ecp
	proven   bool // the request has a signature that was verified

	request    *samlxml.AuthnRequest // nil where we started it
	raw        []byte                // of the request
	relayState string
	received   time.Time
	context    string // the AuthnContext class that the assertion states
	told       *Told
	user       *userpool.User // whose session it is, if the same request has read that already
}

// A refusal is an error that the app is told of, in a Response.
type refusal struct{ samlxml.Status }

func (r *refusal) Error() string { return "samlidp: " + r.Second + ": " + r.Message }

// code is the end of the status, such as NoPassive, for the event log.
func (r *refusal) code() string { return r.Second[strings.LastIndexByte(r.Second, ':')+1:] }

func refuse(top, second, message string) error {
	return &refusal{samlxml.Status{Code: top, Second: second, Message: message}}
}

// badRequest is a page for what cannot be answered to an app, because it is not
// known, or not certain, who is asking.
func badRequest(text string, err error) error { return web.Fail(http.StatusBadRequest, text, err) }

// begin makes an exchange from a request. Until it returns nil, nothing may be
// sent to the app. signature judges the message's signature; nil where that was
// done when the message arrived.
func (h *Handler) begin(ctx context.Context, pool *userpool.Pool, raw []byte, signature signatureCheck) (*exchange, error) {
	request, err := samlxml.ParseAuthnRequest(raw)
	if err != nil {
		return nil, badRequest("The app sent a sign-in request that cannot be read.", err)
	}
	return h.admit(ctx, pool, arrived{request: request, raw: raw, signature: signature})
}

// An arrived request is one that nobody has judged yet.
type arrived struct {
	request   *samlxml.AuthnRequest
	raw       []byte // of the request as a document of its own
	signature signatureCheck
	enhanced  bool
}

// admit judges who sent a request, and where the answer goes.
func (h *Handler) admit(ctx context.Context, pool *userpool.Pool, in arrived) (*exchange, error) {
	request := in.request
	app, err := h.Apps.ApplicationByEntityID(ctx, pool.ID, request.Issuer)
	if errors.Is(err, ErrNotFound) {
		return nil, badRequest("The app you came from is not registered here.", fmt.Errorf("%w: %q", err, request.Issuer))
	}
	if err != nil {
		return nil, err
	}
	x, err := h.exchange(pool, app)
	if err != nil {
		return nil, err
	}
	x.enhanced = in.enhanced
	if in.signature != nil {
		if err := x.signed(request, in.signature); err != nil {
			return nil, badRequest("The app's sign-in request is not signed as it should be.", err)
		}
	}
	x.request, x.raw, x.received = request, in.raw, h.Now()
	if request.Issuer != app.EntityID {
		return nil, badRequest("The app's sign-in request contradicts itself.", nil)
	}
	if x.acs, err = x.endpoint(); err != nil {
		return nil, badRequest("The app asks for its answer at an address that is not registered.", err)
	}
	return x, nil
}

// exchange starts an exchange with an app, answered at its default endpoint.
func (h *Handler) exchange(pool *userpool.Pool, app *Application) (*exchange, error) {
	sp, err := h.parties.get(app)
	if err != nil {
		return nil, err
	}
	x := &exchange{h: h, pool: pool, app: app, sp: sp, received: h.Now()}
	x.acs = defaultEndpoint(postEndpoints(sp.SPMetadata)) // there is one, or the app had been refused
	return x, nil
}

// signed verifies a signature that is there, and wants one where the app's
// settings or its metadata say that it signs.
func (x *exchange) signed(request *samlxml.AuthnRequest, signature signatureCheck) error {
	err := signature(request, x.sp.Signing)
	promised := x.sp.Entity.SPSSODescriptors[0].AuthnRequestsSigned
	if !errors.Is(err, samlxml.ErrNoSignature) {
		if err == nil && request.Destination == "" && !x.enhanced {
			return errors.New("samlidp: a signed request without a destination") // Bindings 3.4.5.2
		}
		x.proven = err == nil
		return err
	}
	if x.app.Settings.RequireSignedRequests || promised != nil && *promised {
		return err
	}
	return nil
}

// endpoint returns the endpoint that the request asks to be answered at. It is
// always one of the metadata's (Core 3.4.1). A Response goes there by POST, or by
// artifact where the request or its index says so; by an enhanced client to one of those
// that are meant for such.
func (x *exchange) endpoint() (saml.IndexedEndpoint, error) {
	req, all, artifact := x.request, postEndpoints(x.sp.SPMetadata), artifactEndpoints(x.sp.SPMetadata)
	if x.enhanced {
		all, artifact = paosEndpoints(x.sp.SPMetadata), nil
	}
	if len(all) == 0 {
		return saml.IndexedEndpoint{}, errors.New("samlidp: the app has no endpoint for enhanced clients")
	}
	if req.ACSIndex != "" {
		all = append(all, artifact...)
	} else if req.ProtocolBinding == saml.HTTPArtifactBinding && len(artifact) > 0 {
		all = artifact
	}
	switch {
	case req.ACSIndex != "" && (req.ACSURL != "" || req.ProtocolBinding != ""):
		return saml.IndexedEndpoint{}, errors.New("samlidp: endpoint named by index and by address")
	case req.ACSIndex == "" && req.ACSURL == "":
		return defaultEndpoint(all), nil
	}
	for _, e := range all {
		if req.ACSURL != "" && e.Location == req.ACSURL || req.ACSIndex != "" && strconv.Itoa(e.Index) == req.ACSIndex {
			return e, nil
		}
	}
	return saml.IndexedEndpoint{}, fmt.Errorf("samlidp: no endpoint %q%q", req.ACSIndex, req.ACSURL)
}

// address is ours, where the request came.
func (x *exchange) address() string {
	if x.enhanced {
		return x.h.ECPURL(x.pool.ID)
	}
	return x.h.SSOURL(x.pool.ID)
}

// inResponseTo is the ID of the request, empty where there was none.
func (x *exchange) inResponseTo() string {
	if x.request == nil {
		return ""
	}
	return x.request.ID
}
