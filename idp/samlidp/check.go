package samlidp

import (
	"slices"
	"strings"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// check judges what a request asks for, before anybody signs in. Whatever it
// returns is a refusal, or our own failure.
func (x *exchange) check() error {
	req := x.request
	if req == nil {
		return nil
	}
	if req.Version != "2.0" {
		return refuse(saml.StatusVersionMismatch, "", "only SAML 2.0 is spoken here")
	}
	if req.Destination != "" && req.Destination != x.address() {
		return refuse(saml.StatusRequester, saml.StatusRequestDenied, "the request was meant for another destination")
	}
	if age := x.received.Sub(req.IssueInstant); age > samlxml.Skew || age < -samlxml.Skew {
		return refuse(saml.StatusRequester, saml.StatusRequestDenied, "the request is too old, or the clocks differ")
	}
	if b := req.ProtocolBinding; b != "" && b != x.acs.Binding {
		return refuse(saml.StatusRequester, saml.StatusUnsupportedBinding, "responses go by HTTP-POST, or by artifact where the metadata has keys and an endpoint for it")
	}
	if len(req.IDPs) > 0 && !slices.Contains(req.IDPs, x.h.EntityID(x.pool.ID)) {
		return refuse(saml.StatusRequester, saml.StatusNoSupportedIDP, "this provider is not among those asked for")
	}
	if req.OddSubject {
		return refuse(saml.StatusRequester, saml.StatusUnknownPrincipal, "the subject is not a plain NameID")
	}
	if err := x.checkName(); err != nil {
		return err
	}
	if _, ok := x.stated(classOrder); !ok { // no sign-in could ever satisfy it
		return errContext
	}
	return x.validate()
}

// checkName judges NameIDPolicy (Core 3.4.1.1). A persistent or transient
// identifier tells an app no more than it would get anyway, so both can be had.
func (x *exchange) checkName() error {
	req := x.request
	if q := req.SPNameQualifier; q != "" && q != x.app.EntityID {
		return refuse(saml.StatusRequester, saml.StatusInvalidNameIDPolicy, "names are not issued for other providers")
	}
	switch req.NameIDFormat {
	case "", formatURNs[Unspecified], formatURNs[Persistent], formatURNs[Transient], formatURN(x.app.NameIDFormat):
		return nil
	}
	return refuse(saml.StatusRequester, saml.StatusInvalidNameIDPolicy, "the app does not get names of that format")
}

// The classes of authentication context that we can state, the weakest first.
const (
	classUnspecified = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
	classPassword    = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
	classProtected   = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
	classMFA         = "https://refeds.org/profile/mfa"
)

var classOrder = []string{classUnspecified, classPassword, classProtected, classMFA}

// classes returns the classes that hold for a sign-in, the weakest first.
func classes(methods []string, secure bool) []string {
	held := []string{classUnspecified}
	if slices.Contains(methods, "pwd") {
		held = append(held, classPassword)
		if secure {
			held = append(held, classProtected)
		}
	}
	if len(methods) > 1 {
		held = append(held, classMFA)
	}
	return held
}

var errContext = refuse(saml.StatusResponder, saml.StatusNoAuthnContext, "the sign-in is not of the kind asked for")

// chooseContext picks the class to state for a sign-in, or refuses.
func (x *exchange) chooseContext(methods []string) error {
	class, ok := x.stated(classes(methods, x.secure()))
	if !ok {
		return errContext
	}
	x.context = class
	return nil
}

// stated returns which of the classes that hold answers the request (Core
// 3.3.2.2.1). An app that did not ask is told how a password came, if one did,
// since that is what most apps look for.
func (x *exchange) stated(held []string) (string, bool) {
	if x.request != nil && x.request.OddContext {
		return "", false
	}
	if x.request == nil || len(x.request.Contexts) == 0 {
		if slices.Contains(held, classProtected) {
			return classProtected, true
		}
		return held[len(held)-1], true
	}
	for _, wanted := range x.request.Contexts {
		if class, ok := satisfy(held, wanted, x.request.Comparison); ok {
			return class, true
		}
	}
	return "", false
}

// satisfy returns the class among held that answers a wanted one.
func satisfy(held []string, wanted, comparison string) (string, bool) {
	if comparison == "exact" {
		return wanted, slices.Contains(held, wanted)
	}
	level := slices.Index(classOrder, wanted)
	if level < 0 {
		return "", false
	}
	for _, class := range slices.Backward(held) {
		got := slices.Index(classOrder, class)
		switch comparison {
		case "minimum":
			if got >= level {
				return class, true
			}
		case "better":
			if got > level {
				return class, true
			}
		case "maximum":
			if got <= level {
				return class, true
			}
		}
	}
	return "", false
}

// secure reports whether a password travels protected: by TLS, or not at all,
// to a loopback address.
func (x *exchange) secure() bool {
	url := x.h.SSOURL(x.pool.ID)
	for _, safe := range []string{"https://", "http://localhost:", "http://localhost/", "http://127.0.0.1:", "http://127.0.0.1/", "http://[::1]"} {
		if strings.HasPrefix(url, safe) {
			return true
		}
	}
	return false
}
