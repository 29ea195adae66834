package web

import "net/http"

// Redirect sends the browser on with GET, whatever it came with. The address may be
// of any scheme, and is sent as it is.
func Redirect(w http.ResponseWriter, r *http.Request, to string) {
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther // RFC 9700 section 4.12
	}
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}
