package oidcrp

import (
	"net/netip"
	"net/url"
)

// isAddress reports whether a text may be where a provider is: https, or http on
// this machine, which only a server that may reach itself can call. A browser is
// sent there, so no other scheme will do.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
