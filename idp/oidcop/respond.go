package oidcop

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/web"
)

// The response modes: how an answer gets to the app.
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post" // OAuth 2.0 Form Post Response Mode

	// JARM section 2.3: the answer as one JWT, by one of the three; jwt alone is by
	// the one that the response type has.
	modeJWT   = "jwt"
	suffixJWT = "." + modeJWT
)

var responseModes = []string{modeQuery, modeFragment, modeFormPost,
	modeQuery + suffixJWT, modeFragment + suffixJWT, modeFormPost + suffixJWT, modeJWT}

// chooseMode finds the response mode before anything else is known of the request,
// so that errors take it too. What is not good is refused later, by checkMode.
func chooseMode(params url.Values) string {
	kind := responseType{}
	if len(params["response_type"]) == 1 {
		kind, _ = readResponseType(params.Get("response_type"))
	}
	mode := kind.mode()
	asked := params.Get("response_mode")
	switch {
	case len(params["response_mode"]) != 1 || !slices.Contains(responseModes, asked):
		return mode
	case asked == modeJWT || kind.front() && carrier(asked) == modeQuery && asked != modeQuery:
		return mode + suffixJWT
	case kind.front() && asked == modeQuery:
		return mode
	}
	return asked
}

// mode is how answers of a type go where nobody says.
func (t responseType) mode() string {
	if t.front() {
		return modeFragment
	}
	return modeQuery
}

// carrier is how an answer goes, be it as a JWT or plainly.
func carrier(mode string) string { return strings.TrimSuffix(mode, suffixJWT) }

// checkMode refuses a response mode that is not known, that would write tokens into
// an address's query, or that posts a form to what is no web server.
func (req *request) checkMode() error {
	asked := req.params.Get("response_mode")
	switch {
	case asked == "":
		return nil
	case !slices.Contains(responseModes, asked):
		return oauthFail("invalid_request", "The response mode is not supported.")
	case carrier(asked) == modeQuery && req.kind.front():
		return oauthFail("invalid_request", "Tokens cannot be sent in the query.")
	case carrier(asked) == modeFormPost && !postable(req.redirectURI):
		req.mode = req.kind.mode()
		return oauthFail("invalid_request", "A form cannot be sent to this redirect URI.")
	}
	return nil
}

func postable(uri string) bool {
	return strings.HasPrefix(uri, "https://") || strings.HasPrefix(uri, "http://")
}

// deliver sends an answer, be it an error, to the app. Each carries state, and iss,
// by which an app with several providers notices a mix-up (RFC 9207).
func (h *Handler) deliver(w http.ResponseWriter, r *http.Request, req *request, v url.Values) error {
	if req.state != "" {
		v.Set("state", req.state)
	}
	v.Set("iss", h.Issuer(req.pool.ID))
	if carrier(req.mode) != req.mode {
		var err error
		if v, err = h.sealed(r.Context(), req, v); err != nil {
			return err
		}
	}
	switch carrier(req.mode) {
	case modeFormPost:
		return h.postToApp(w, r, req, v)
	case modeFragment:
		redirect(w, r, req.redirectURI+"#"+v.Encode())
	default:
		redirect(w, r, withQuery(req.redirectURI, v))
	}
	return nil
}

// answerLife is how long an app may take an answer that is a JWT, at most what JARM
// section 2.1 recommends.
const answerLife = 10 * time.Minute

// sealed is an answer as one JWT, signed and encrypted as the client's settings say.
func (h *Handler) sealed(ctx context.Context, req *request, v url.Values) (url.Values, error) {
	claims := map[string]any{}
	for name := range v {
		claims[name] = v.Get(name)
	}
	claims["aud"], claims["exp"] = req.client.ID, h.Now().Add(answerLife).Unix()
	raw, err := h.Tokens.SignFor(ctx, req.client, req.client.OpenID.Authorization, "", claims)
	return url.Values{"response": {raw}}, err
}

// withQuery adds parameters to an address, which is otherwise left to the letter.
func withQuery(to string, v url.Values) string {
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + v.Encode()
}

// redirect sends the browser on with GET, whatever it came with.
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	web.Redirect(w, r, to)
}

// postToApp writes the page that posts an answer to the redirect URI, which was
// matched before there could be an answer.
func (h *Handler) postToApp(w http.ResponseWriter, r *http.Request, req *request, v url.Values) error {
	page := web.Post{To: req.redirectURI, App: req.client.Name, Script: h.Script, Text: h.Hosted.PostText(web.Spoken(r, req.params), req.client.Name)}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		page.Fields = append(page.Fields, web.PostField{Name: name, Value: v.Get(name)})
	}
	return page.Write(w)
}
