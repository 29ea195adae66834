package awsapi

import (
	"net"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// globalRegion is the one region whose signatures AWS's global endpoints take.
const globalRegion = "us-east-1"

// endpointRegion returns the region of an endpoint of AWS's by its host, as it is
// where DNS or a proxy leads AWS's names here: SERVICE.REGION.amazonaws.com, or
// SERVICE.amazonaws.com, which is global. It is empty for all other addresses,
// which are of all regions.
func endpointRegion(host string) (region string, global bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(host)
	rest, ok := strings.CutSuffix(host, ".amazonaws.com")
	if !ok {
		rest, ok = strings.CutSuffix(host, ".api.aws")
	}
	if !ok {
		return "", false
	}
	switch labels := strings.Split(rest, "."); len(labels) {
	case 1:
		return globalRegion, true
	case 2:
		if sigv4.ValidRegion(labels[1]) {
			return labels[1], false
		}
	}
	return "", false
}

// locate notes which endpoint of STS was called. Other services have no endpoints
// whose region matters.
func (x *exchange) locate() {
	x.at = sigv4.Endpoint{Service: x.svc.model.SigningName, Home: x.h.cfg.Region}
	if x.svc.model.Service != "sts" {
		return
	}
	x.at.Region, x.call.Global = endpointRegion(x.r.Host)
	if x.at.Region != "" {
		x.call.Region = x.at.Region
	}
}

// asksNothing reports whether a request has neither an action nor anything else
// that could name one: STS sends such visitors to a page.
func asksNothing(r *http.Request) bool {
	return r.Method == http.MethodPost && (r.URL.Path == "/" || r.URL.Path == "") && r.ContentLength == 0 && r.URL.RawQuery == "" &&
		len(r.Header["Content-Type"]) == 0 && len(r.Header["X-Amz-Target"]) == 0 && len(r.Header["Authorization"]) == 0
}
