package server_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/geoip/geoiptest"
)

// TestPlacesOfSignIns: with --geoip-db events say where their address is.
func TestPlacesOfSignIns(t *testing.T) {
	places := geoiptest.Write(t, map[string]map[string]any{"127.0.0.0/8": {"country": map[string]any{"iso_code": "NL", "names": map[string]any{"en": "Netherlands"}}}})
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Edit: func(c *server.Config) { c.GeoIPDB = places }})
	ctx := userpool.WithOrigin(t.Context(), userpool.Origin{IP: "127.0.0.1"})
	p := userpool.NewPool("places")
	p.Tier, p.ThreatProtection = userpool.TierPlus, userpool.ThreatsAudit
	p, err := s.Pools.CreatePool(ctx, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Pools.AdminCreateUser(ctx, p.ID, userpool.NewUser{Username: "alice", MessageAction: "SUPPRESS"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Auth.Finish(ctx, p, &userpool.Client{Pool: p.ID}, u, userpool.Finished{}); err != nil {
		t.Fatal(err)
	}
	events, _, err := s.Pools.AuthEvents(ctx, p.ID, "alice", "", 1)
	if err != nil || len(events) != 1 || events[0].Place == nil || events[0].Place.CountryName != "Netherlands" {
		t.Fatalf("%+v, %v", events, err)
	}
}
