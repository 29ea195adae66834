package userpool

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

const refreshFlow = "ALLOW_REFRESH_TOKEN_AUTH"

// validateFlows checks ExplicitAuthFlows: old and new values do not mix, and
// refresh is always on, except where tokens rotate.
func (c *Client) validateFlows() error {
	flows := c.ExplicitAuthFlows
	if len(flows) == 0 || !slices.ContainsFunc(flows, isAllowFlow) {
		return nil
	}
	for _, f := range flows {
		if !isAllowFlow(f) {
			return invalid("Legacy values and values that start with ALLOW_ cannot be combined in ExplicitAuthFlows.")
		}
	}
	switch refresh := slices.Contains(flows, refreshFlow); {
	case c.RotateRefresh && refresh:
		return invalid("ALLOW_REFRESH_TOKEN_AUTH cannot be combined with refresh token rotation.")
	case !c.RotateRefresh && !refresh:
		return invalid("REFRESH_TOKEN_AUTH should always be allowed.")
	}
	return nil
}

// validateLives checks how long tokens live: access and ID tokens 5 minutes to a
// day, refresh tokens an hour to ten years.
func (c *Client) validateLives() error {
	const day = 24 * time.Hour
	for _, life := range []struct{ value, low, high time.Duration }{
		{c.AccessTokenLife, 5 * time.Minute, day},
		{c.IDTokenLife, 5 * time.Minute, day},
		{c.RefreshTokenLife, time.Hour, 3650 * day},
	} {
		if life.value < life.low || life.value > life.high {
			return invalid("Invalid range for token validity.")
		}
	}
	if c.RefreshTokenLife < c.AccessTokenLife || c.RefreshTokenLife < c.IDTokenLife {
		return invalid("Refresh token validity must not be shorter than that of access and ID tokens.")
	}
	if c.SessionLife < 3*time.Minute || c.SessionLife > 15*time.Minute {
		return invalid("AuthSessionValidity must be between 3 and 15 minutes.")
	}
	if c.RefreshGrace < 0 || c.RefreshGrace > time.Minute {
		return invalid("RetryGracePeriodSeconds must be between 0 and 60.")
	}
	return nil
}

// validateURLs checks redirect addresses (RFC 6749 section 3.1.2, RFC 8252).
func (c *Client) validateURLs() error {
	for _, u := range slices.Concat(c.CallbackURLs, c.LogoutURLs) {
		if err := checkRedirect(u); err != nil {
			return err
		}
	}
	if c.DefaultRedirectURI != "" && !slices.Contains(c.CallbackURLs, c.DefaultRedirectURI) {
		return invalid("DefaultRedirectURI %s is not in the list of CallbackURLs.", c.DefaultRedirectURI)
	}
	return nil
}

// scripting are schemes that a browser would run or read locally.
var scripting = []string{"javascript", "data", "vbscript", "file", "blob", "about", "filesystem"}

// checkRedirect accepts https, http to the machine itself, and schemes of apps.
func checkRedirect(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme == "" || strings.ContainsAny(raw, " \t\r\n\\*"):
		return invalid("%s is not a valid redirect URI.", raw)
	case strings.Contains(raw, "#"):
		return invalid("%s cannot contain a fragment.", raw)
	case slices.Contains(scripting, strings.ToLower(u.Scheme)):
		return invalid("%s cannot use the scheme %s.", raw, u.Scheme)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return invalid("%s cannot use the HTTP protocol.", raw)
	case (u.Scheme == "http" || u.Scheme == "https") && (u.Host == "" || u.User != nil):
		return invalid("%s is not a valid redirect URI.", raw)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// validateOAuth checks that the flows fit each other and the client.
func (c *Client) validateOAuth() error {
	if c.OAuthEnabled && (len(c.OAuthFlows) == 0 || len(c.OAuthScopes) == 0) {
		return invalid("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	}
	if !slices.Contains(c.OAuthFlows, "client_credentials") {
		return nil
	}
	if len(c.OAuthFlows) > 1 {
		return Fail(ErrInvalidOAuthFlow, "client_credentials flow can not be selected along with code flow or implicit flow.")
	}
	if c.Secret == "" {
		return Fail(ErrInvalidOAuthFlow, "client_credentials flow can not be selected if client does not have a client secret.")
	}
	return nil
}
