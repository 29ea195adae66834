package federation

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// The names of events, as CloudTrail has those of Cognito's hosted pages.
const (
	eventOAuth = "OAuth2Response_GET"
	eventSAML  = "SAML2Response_POST"
)

// failures are what is told of a sign-in that came to nothing: to the app, in Cognito's
// codes, and to the person where no app asks. What the provider sent stays in the log.
var failures = []struct {
	is                     error
	code, description, key string
}{
	{sp.ErrRefused, "access_denied", "The identity provider did not sign the user in.", "problem.upstream-refused"},
	{sp.ErrUnreachable, "invalid_request", "The identity provider could not be reached.", "problem.upstream"},
	{sp.ErrInvalid, "invalid_request", "The answer of the identity provider is not valid.", "problem.upstream"},
	{sp.ErrUnusable, "invalid_request", "The identity provider is not configured.", "problem.upstream"},
	{userpool.ErrBusy, "temporarily_unavailable", "The server is overloaded.", "problem.busy"},
}

// fail ends a visit that came to nothing at a provider. The rules of the pool and its
// functions speak for themselves, as they do on Cognito's pages.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, visit *login.Visit, provider *userpool.Provider, err error) error {
	refusal, key := login.Refusal{Code: "server_error"}, "problem.ours"
	fault := (*userpool.Fault)(nil)
	if errors.As(err, &fault) {
		refusal, key = login.Refusal{Code: "invalid_request", Description: fault.Text}, "problem.upstream"
		if errors.Is(err, userpool.ErrNotAuthorized) {
			key = "problem.not-allowed"
		}
	}
	for _, f := range failures {
		if errors.Is(err, f.is) {
			refusal, key = login.Refusal{Code: f.code, Description: f.description}, f.key
			break
		}
	}
	args := []any{"pool", visit.Pool().ID, "provider", provider.Name, "error", err}
	if refusal.Code == "server_error" {
		h.Log.ErrorContext(r.Context(), "sign-in through a provider failed", args...)
	} else {
		h.Log.WarnContext(r.Context(), "sign-in through a provider was refused", args...)
	}
	h.record(r, visit, provider, refusal.Code)
	return h.Pages.Refuse(w, r, visit, refusal, key, "provider", provider.Name)
}

// record writes down a sign-in that was refused.
func (h *Handler) record(r *http.Request, visit *login.Visit, provider *userpool.Provider, code string) {
	name := eventOAuth
	if provider.Type == userpool.ProviderSAML {
		name = eventSAML
	}
	h.Events.Record(r.Context(), idp.Event{Name: name, Pool: visit.Pool().ID, Client: visit.Actor().ID, Provider: provider.Name,
		Address: web.RemoteIP(r), UserAgent: r.UserAgent(), Error: code})
}
