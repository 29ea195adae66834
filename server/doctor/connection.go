package doctor

import "net/netip"

// A Connection is what a server saw of a call that came through its public URL.
type Connection struct {
	SourceIP  string // of the client, as it concluded
	Peer      string // who really called
	Secure    bool   // the client's own connection was encrypted
	Forwarded bool   // the call bore headers of a proxy
	Trusted   bool   // the caller is among the trusted proxies
}

// Proxies finds whether those in front of the server say what it needs to know. secure
// says that the public URL is an https one.
func (c Connection) Proxies(secure bool) []Finding {
	switch {
	case c.Forwarded && !c.Trusted:
		return []Finding{Bad("Add its network to trusted-proxies.",
			"A proxy at %s passes calls on, but is not trusted: everybody seems to come from there, and limits and lock-outs hit all at once", c.Peer)}
	case c.Trusted && !c.Forwarded:
		return []Finding{Bad("Have it set X-Forwarded-For and X-Forwarded-Proto, and drop those that clients send.",
			"The proxy at %s does not say whom it calls for", c.Peer)}
	case secure && !c.Secure:
		return []Finding{Bad("Have the proxy set X-Forwarded-Proto to https.", "The public URL is https, but the server cannot tell that calls came so")}
	case c.Trusted && c.SourceIP == c.Peer:
		return []Finding{Bad("Have it append the client's address to X-Forwarded-For.", "The proxy at %s names itself as the client", c.Peer)}
	}
	if ip, err := netip.ParseAddr(c.SourceIP); c.Trusted && (err != nil || ip.IsLoopback()) {
		return []Finding{Warn("Run the doctor from another machine to be sure.", "This call seems to come from %s", c.SourceIP)}
	}
	if c.Trusted {
		return []Finding{Good("The proxy at %s is trusted, and says that this call comes from %s", c.Peer, c.SourceIP)}
	}
	return []Finding{Good("No proxy in front; this call comes from %s", c.SourceIP)}
}
