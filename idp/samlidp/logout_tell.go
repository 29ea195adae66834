package samlidp

import (
	"context"
	"slices"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/samlsoap"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// soapEndpoint is the first endpoint of single logout by SOAP, or nil.
func soapEndpoint(all []samlxml.Endpoint) *samlxml.Endpoint {
	i := slices.IndexFunc(all, func(e samlxml.Endpoint) bool { return e.Binding == saml.SOAPBinding })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// bySOAP is where the app is told without a browser; nil where a browser is to do it: the
// app's own session may be known by a cookie alone.
func (x *exchange) bySOAP(alone bool) *samlxml.Endpoint {
	if alone || x.app.Settings.LogoutBySOAP || logoutEndpoint(x.sp.SLO, saml.HTTPRedirectBinding) == nil {
		return soapEndpoint(x.sp.SLO)
	}
	return nil
}

// Tell implements chain.Guide.
func (h *Handler) Tell(ctx context.Context, pool userpool.PoolID, s chain.Stop, alone bool) (confirmed bool, err error) {
	x, t, err := h.stop(ctx, pool, s)
	if err != nil {
		return false, err
	}
	e := x.bySOAP(alone)
	if e == nil {
		return false, sp.ErrBrowser
	}
	signer, err := x.signer(ctx)
	if err != nil {
		return false, err
	}
	to := samlsoap.Peer{Entity: x.app.EntityID, Address: e.Location, Policy: &samlxml.Policy{Certificates: x.sp.Signing}}
	return samlsoap.Logout(ctx, h.Caller, signer, to, x.goodbye(samlxml.NewID(), t))
}
