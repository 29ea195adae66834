package profile

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// AgentPath is where an Agent answers.
const AgentPath = "/credentials"

// An Agent hands credentials out as the endpoint of containers does
// (AWS_CONTAINER_CREDENTIALS_FULL_URI), to whoever brings its token.
type Agent struct {
	Source func(context.Context) (*Credentials, error)
	Token  string // that callers bring as Authorization
	Log    *slog.Logger
}

// CheckAgentAddress refuses addresses that SDKs would not ask without TLS, and that
// other machines could: an agent is for the processes beside it.
func CheckAgentAddress(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	switch ip, err := netip.ParseAddr(host); {
	case err != nil:
		return errors.New("the agent's address must be an IP address")
	case ip.IsLoopback(), host == "169.254.170.2", host == "169.254.170.23", host == "fd00:ec2::23":
		return nil
	}
	return errors.New("SDKs take credentials without TLS from a loopback address, 169.254.170.2, 169.254.170.23 or fd00:ec2::23 alone; " +
		"a container reaches them in the network namespace of the agent")
}

// ServeHTTP answers one path. A page of a browser on this machine gets nothing: it
// has no token, and a name that was bent to this address (DNS rebinding) is refused.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !literal(r.Host) {
		refuse(w, http.StatusForbidden, "InvalidHost", "The request is for another host.")
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(a.Token)) != 1 {
		refuse(w, http.StatusUnauthorized, "InvalidToken", "The authorization token is missing or wrong.")
		return
	}
	if r.URL.Path != AgentPath || r.Method != http.MethodGet {
		refuse(w, http.StatusNotFound, "NotFound", "Credentials are at "+AgentPath+".")
		return
	}
	c, err := a.Source(r.Context())
	if err != nil {
		a.Log.Error("no credentials", "error", err)
		refuse(w, http.StatusInternalServerError, "CredentialsUnavailable", err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]string{"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey,
		"Token": c.SessionToken, "Expiration": c.Expires.UTC().Format(time.RFC3339)})
}

// literal reports whether a Host header names an address, or this machine, as no name of
// somebody's does.
func literal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost"
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]string{"code": code, "message": message})
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone
}
