package userpool

import (
	"context"
	"net/netip"
)

// An Origin is where a sign-in comes from. Failed attempts are counted for each
// origin, so that a stranger's guesses do not lock the owner of an account out.
type Origin struct {
	IP string // of the client, not of a proxy

	UserAgent string // of the client's program, as it says

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
	return "ip " + network(o.IP)
}

// network returns the network that an IPv6 address is in, any other text as it is.
func network(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && !ip.Is4In6() {
		return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
	}
	return address
}

func originOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
