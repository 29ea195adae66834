package oidcop

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// promptValues are the values of prompt: OpenID Connect Core section 3.1.2.1, and
// Initiating User Registration via OpenID Connect 1.0 for create.
var promptValues = []string{"none", "login", "consent", "select_account", "create"}

// maxACRs bounds the classes that are looked at.
const maxACRs = 20

// An acrRequest is the class of sign-in that an app asks for, the best first.
type acrRequest struct {
	values    []string
	essential bool // without one of values there is no answer (Core section 5.5.1.1)
}

// asks reports whether a value of prompt was sent.
func (req *request) asks(prompt string) bool { return slices.Contains(req.prompt, prompt) }

// parseFreshness reads how recent, and how strong, the sign-in must be. What the
// request leaves open the client's settings may say.
func (req *request) parseFreshness() error {
	req.prompt = strings.Fields(req.params.Get("prompt"))
	for _, p := range req.prompt {
		if !slices.Contains(promptValues, p) || p == "none" && len(req.prompt) > 1 {
			return oauthFail("invalid_request", "prompt is malformed.")
		}
	}
	req.parseACR()
	seconds, given := uint64(0), req.client.OpenID.DefaultMaxAge != nil
	if given {
		seconds = uint64(max(0, *req.client.OpenID.DefaultMaxAge))
	}
	if text := req.params.Get("max_age"); text != "" {
		var err error
		if seconds, err = strconv.ParseUint(text, 10, 31); err != nil {
			return oauthFail("invalid_request", "max_age is malformed.")
		}
		given = true
	}
	if given {
		req.maxAge = new(time.Duration(seconds) * time.Second)
	}
	return nil
}

// parseACR takes the classes of the claims parameter before those of acr_values, and
// those before the client's own. A wish is never an error.
func (req *request) parseACR() {
	if req.claims != nil {
		if c := req.claims.IDToken["acr"]; len(c.Texts()) > 0 {
			req.acr = acrRequest{c.Texts(), c.Essential}
		}
	}
	if len(req.acr.values) == 0 {
		req.acr.values = strings.Fields(req.params.Get("acr_values"))
	}
	if len(req.acr.values) == 0 {
		req.acr.values = req.client.OpenID.DefaultACR
	}
	req.acr.values = req.acr.values[:min(maxACRs, len(req.acr.values))]
}

// parseClaims reads the claims parameter.
func (req *request) parseClaims() error {
	text := req.params.Get("claims")
	if text == "" {
		return nil
	}
	claims, err := userpool.ParseClaimsRequest([]byte(text))
	if err != nil {
		return oauthFail("invalid_request", "claims is malformed.")
	}
	req.claims = claims
	return nil
}

// parseSubject finds who must be signed in: the user of an id_token_hint, which any
// published key may have signed and which may have expired, or the one whom the
// claims parameter names (Core section 5.5.1).
func (h *Handler) parseSubject(ctx context.Context, req *request) error {
	if req.claims != nil {
		if subs := req.claims.IDToken["sub"].Texts(); len(subs) > 0 {
			req.called = subs[0]
		}
	}
	raw := req.params.Get("id_token_hint")
	if raw == "" {
		return nil
	}
	hint, err := h.Tokens.IDHint(ctx, req.pool.ID, raw)
	if errors.Is(err, userpool.ErrNotAuthorized) {
		return oauthFail("invalid_request", "id_token_hint is invalid.")
	}
	if err == nil {
		req.subject = hint.Sub
	}
	return err
}

// isFor reports whether a user is the one that must be signed in.
func (h *Handler) isFor(ctx context.Context, req *request, sub string) (bool, error) {
	if req.subject != "" && req.subject != sub {
		return false, nil
	}
	if req.called == "" {
		return true, nil
	}
	called, err := h.Tokens.Subject(ctx, req.client, sub)
	return called == req.called, err
}

// satisfiedBy reports whether the session will do for the request without a fresh
// sign-in.
func (req *request) satisfiedBy(s *idp.Session, now time.Time) bool {
	if req.asks("login") || req.asks("select_account") || req.asks("create") {
		return false
	}
	// max_age=0 asks for a sign-in now, however recent the last one: fosite ignores it (F3).
	return req.maxAge == nil || *req.maxAge > 0 && now.Sub(s.AuthTime) <= *req.maxAge
}

// couldStepUp reports whether a new sign-in of the user may be of a class that the
// session is not of (RFC 9470 section 4).
func (req *request) couldStepUp(s *idp.Session, u *userpool.User) bool {
	if _, met := idp.ChooseACR(s.Methods, req.acr.values); met {
		return false
	}
	wants := func(acr string) bool { return slices.Contains(req.acr.values, acr) }
	if wants(idp.ACRMultiFactor) || wants(idp.ACRMultiFactorREFEDS) {
		return len(req.pool.Factors(u)) > 0
	}
	return false
}

// statedACR is the acr of the tokens: empty where nobody asked, as Cognito has none.
func (req *request) statedACR(s *idp.Session) string {
	named := req.claims != nil && hasKey(req.claims.IDToken, "acr")
	if len(req.acr.values) == 0 && !named && !req.pool.Strict {
		return ""
	}
	acr, _ := idp.ChooseACR(s.Methods, req.acr.values)
	return acr
}

func hasKey[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}
