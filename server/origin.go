package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// origin finds where requests come from. Behind a trusted proxy that is the
// last address of X-Forwarded-For that is not itself a trusted proxy; from
// anybody else the header is ignored, so that it can't be forged.
type origin struct{ trusted []netip.Prefix }

// address returns the client's address, without a port.
func (o origin) address(r *http.Request) string {
	peer := peerAddress(r)
	if !o.trusts(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		ip, ok := hopAddress(strings.TrimSpace(hops[i]))
		if !ok {
			return peer
		}
		peer = ip.Unmap().String()
		if !o.trusts(peer) {
			return peer
		}
	}
	return peer
}

// hopAddress reads an address, which some proxies write with its port.
func hopAddress(hop string) (netip.Addr, bool) {
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr(), true
	}
	ip, err := netip.ParseAddr(hop)
	return ip, err == nil
}

// secure reports whether the client's connection was encrypted.
func (o origin) secure(r *http.Request) bool {
	return r.TLS != nil || o.trusts(peerAddress(r)) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// hop is who handed the request over.
func (o origin) hop(r *http.Request) awsapi.Hop {
	peer := peerAddress(r)
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("X-Forwarded-Proto") != "" || r.Header.Get("Forwarded") != ""
	return awsapi.Hop{IP: peer, Forwarded: forwarded, Trusted: o.trusts(peer)}
}

func (o origin) trusts(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, p := range o.trusted {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func peerAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().WithZone("").String()
	}
	return host
}
