package gatewayapi

import (
	"net/http"
	"strconv"
	"strings"
)

// The protocol's versions: what is spoken here, and the oldest gateway served.
const (
	protocolHeader  = "X-Vgw-Private-Protocol"
	protocolVersion = 1
	minClient       = 1

	// maxProtocolDigits bounds what is read of the header.
	maxProtocolDigits = 4
)

// checkProtocol refuses a gateway whose version is missing, unreadable or too
// old. A value that cannot be read is never taken for some usual one.
func checkProtocol(h http.Header) error {
	values := h.Values(protocolHeader)
	if len(values) != 1 {
		return &failure{http.StatusBadRequest, codeProtocolMismatch, "One " + protocolHeader + " header is needed."}
	}
	v := values[0]
	n, err := strconv.Atoi(v)
	if err != nil || len(v) > maxProtocolDigits || strings.Trim(v, "0123456789") != "" {
		return &failure{http.StatusBadRequest, codeProtocolMismatch, "The " + protocolHeader + " header is malformed."}
	}
	if n < minClient {
		return &failure{http.StatusBadRequest, codeProtocolMismatch,
			"Protocol " + strconv.Itoa(minClient) + " or newer is needed: upgrade the gateway."}
	}
	return nil
}

// A versionAnswer is that of /private/version.
type versionAnswer struct {
	Protocol      int    `json:"protocol"`
	MinClient     int    `json:"minClient"`
	ServerVersion string `json:"serverVersion,omitempty"`
	AccountID     string `json:"accountId"`
}
