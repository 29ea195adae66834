package userpool

import (
	"net/netip"
	"slices"
)

// maxRanges is how many networks a list of exceptions may have, as in the service
// model.
const maxRanges = 200

// parseRanges reads a list of networks. Bits below a network's length are ignored.
func parseRanges(list string, texts []string) ([]netip.Prefix, error) {
	if len(texts) > maxRanges {
		return nil, invalid("%s has more than %d networks.", list, maxRanges)
	}
	ranges := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		r, ok := parseRange(text)
		if !ok {
			return nil, invalid("%s: not a network in CIDR notation: %q.", list, text)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// parseRange reads a network. One of IPv4 addresses in IPv6 form is that of the
// addresses themselves: requests carry those.
func parseRange(text string) (netip.Prefix, bool) {
	r, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if r.Addr().Is4In6() {
		if r.Bits() < 96 {
			return netip.Prefix{}, false
		}
		r = netip.PrefixFrom(r.Addr().Unmap(), r.Bits()-96)
	}
	return r.Masked(), true
}

// inRanges reports whether an address is in a network of a list that was accepted.
func inRanges(texts []string, ip netip.Addr) bool {
	return ip.IsValid() && slices.ContainsFunc(texts, func(text string) bool {
		r, ok := parseRange(text)
		return ok && r.Contains(ip)
	})
}

// addressOf is an origin's address; the zero one where it has none.
func (o Origin) address() netip.Addr {
	ip, err := netip.ParseAddr(o.IP)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}

// nearby is the network that an address changes within, for people who stay where
// they are; empty for none.
func nearby(ip netip.Addr) string {
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	r, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return r.String()
}
