package userpool_test

import (
	"net/netip"

	"github.com/poolhouse/poolhouse/userpool"
)

// Locate implements userpool.Locator.
func (places) Locate(ip netip.Addr) userpool.Place {
	switch ip.As4()[0] {
	case 10:
		return userpool.Place{Country: "DE", CountryName: "Germany", City: "Berlin", Located: true, Latitude: 52.5, Longitude: 13.4}
	case 20:
		return userpool.Place{Country: "FR", CountryName: "France", City: "Strasbourg", Located: true, Latitude: 48.6, Longitude: 7.8}
	case 30:
		return userpool.Place{Country: "DE", Located: true, Latitude: -33.9, Longitude: 151.2}
	}
	return userpool.Place{}
}

// breached knows one password.
type breached struct{}

const leaked = "Leaked-Horse1"

func (breached) Contains(p string) (bool, error) { return p == leaked, nil }
