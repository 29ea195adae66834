package userpool

import (
	"context"
	"net/netip"
)

// An Origin is where a sign-in comes from. Failed attempts are counted for each
// origin, so that a stranger's guesses do not lock the owner of an account out.
type Origin struct {
	IP string // of the client, not of a proxy

	// Device names a browser that this user has signed in with before. It must
	// come from something the server signed: it replaces the address.
	Device string
}

type originKey struct{}

// WithOrigin returns a context that carries o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// key returns what failures from this origin are counted under. Of an IPv6
// address it is the network: a customer gets 2^64 addresses or more.
func (o Origin) key() string {
	if o.Device != "" {
		return "device " + o.Device
	}
	if ip, err := netip.ParseAddr(o.IP); err == nil && ip.Is6() && !ip.Is4In6() {
		network := netip.PrefixFrom(ip.WithZone(""), 64).Masked()
		return "ip " + network.String()
	}
	return "ip " + o.IP
}

func originOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
