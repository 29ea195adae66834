package awsapi

import (
	"net/http"
	"strings"
)

// maxAllowHeaders bounds the list of headers that a preflight answer repeats.
const maxAllowHeaders = 2048

// cors lets browsers read every answer, errors too. No cookie is ever accepted
// here, so any origin may call.
func cors(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date,Retry-After")
}

// preflight answers OPTIONS as the live services do.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	methods := "POST"
	if strings.HasPrefix(r.URL.Path, restRoot) {
		methods = "GET,POST,DELETE"
	}
	h.Set("Access-Control-Allow-Methods", methods)
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" && len(asked) <= maxAllowHeaders {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "172800")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}
