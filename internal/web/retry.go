package web

import (
	"net/http"
	"strconv"
	"time"
)

// RetryAfter says when to try again, in whole seconds (RFC 9110 section 10.2.3).
func RetryAfter(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
}
