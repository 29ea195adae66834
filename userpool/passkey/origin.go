package passkey

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// androidOrigin begins the origin of an Android app; the hash of the certificate
// that signed the app follows.
const androidOrigin = "android:apk-key-hash:"

// allowedOrigin reports whether a page or an app may use passkeys of a relying
// party: a page of its host or of a host below it, over TLS except on the machine
// itself (section 5.1.4.1 step 8 asks browsers for the same), or an Android app,
// which the platform lets use them only where the party's assetlinks.json names it.
func allowedOrigin(origin, party string) bool {
	if hash, ok := strings.CutPrefix(origin, androidOrigin); ok {
		sum, err := base64.RawURLEncoding.Strict().DecodeString(hash)
		return err == nil && len(sum) == 32
	}
	u, err := url.Parse(origin)
	if err != nil || origin != u.Scheme+"://"+u.Host || u.Hostname() == "" {
		return false
	}
	host, party := strings.ToLower(u.Hostname()), strings.ToLower(party)
	if host != party && !strings.HasSuffix(host, "."+party) {
		return false
	}
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	return u.Scheme == "https" || u.Scheme == "http" && local
}
