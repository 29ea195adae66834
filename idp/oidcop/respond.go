package oidcop

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The response modes: how an answer gets to the app.
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post" // OAuth 2.0 Form Post Response Mode
)

var responseModes = []string{modeQuery, modeFragment, modeFormPost}

// chooseMode finds the response mode before anything else is known of the request,
// so that errors take it too. What is not good is refused later, by checkMode.
func chooseMode(params url.Values) string {
	kind := responseType{}
	if len(params["response_type"]) == 1 {
		kind, _ = readResponseType(params.Get("response_type"))
	}
	mode := modeQuery
	if kind.front() {
		mode = modeFragment
	}
	asked := params.Get("response_mode")
	if len(params["response_mode"]) != 1 || !slices.Contains(responseModes, asked) || asked == modeQuery && kind.front() {
		return mode
	}
	return asked
}

// checkMode refuses a response mode that is not known, that would write tokens into
// an address's query, or that posts a form to what is no web server.
func (req *request) checkMode() error {
	asked := req.params.Get("response_mode")
	switch {
	case asked == "":
		return nil
	case !slices.Contains(responseModes, asked):
		return oauthFail("invalid_request", "The response mode is not supported.")
	case asked == modeQuery && req.kind.front():
		return oauthFail("invalid_request", "Tokens cannot be sent in the query.")
	case asked == modeFormPost && !postable(req.redirectURI):
		req.mode = modeQuery
		if req.kind.front() {
			req.mode = modeFragment
		}
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
	switch req.mode {
	case modeFormPost:
		return h.postToApp(w, req, v)
	case modeFragment:
		redirect(w, r, req.redirectURI+"#"+v.Encode())
	default:
		redirect(w, r, withQuery(req.redirectURI, v))
	}
	return nil
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
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther // RFC 9700 section 4.12
	}
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}
