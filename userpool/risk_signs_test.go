package userpool_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// Locate implements userpool.Locator.
func (places) Locate(ip netip.Addr) userpool.Place {
	switch ip.As16()[12] {
	case 10:
		return userpool.Place{Country: "DE", CountryName: "Germany", City: "Berlin", Timezone: "Europe/Berlin", Located: true, Latitude: 52.5, Longitude: 13.4}
	case 20:
		return userpool.Place{Country: "FR", CountryName: "France", City: "Strasbourg", Located: true, Latitude: 48.6, Longitude: 7.8}
	case 30:
		return userpool.Place{Country: "DE", Located: true, Latitude: -33.9, Longitude: 151.2}
	}
	return userpool.Place{}
}

// level is the level of a sign-in that nothing is done about.
func (w *world) level(ip, agent string) string {
	w.Helper()
	w.Advance(time.Second) // events of one moment are in no order
	if got := outcome(w.from(ip, agent)); got != "in" {
		w.Fatalf("from %s: %s", ip, got)
	}
	events, _, err := w.store.Events(w.Context(), worldPool, w.alice.Sub, "", 1)
	w.check(err)
	return events[0].Risk.Level
}

func newRiskWorld(t testing.TB, mode string, c userpool.RiskConfiguration) *world {
	t.Helper()
	w := newWorld(t)
	w.protect(mode, c)
	return w
}

// The first sign-in of a user is no risk, wherever it comes from; what is new is one
// once.
func TestNovelty(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	for _, tt := range []struct{ ip, agent, want string }{
		{abroad, chrome, ""},
		{abroad, chrome, ""},
		{abroad, firefox, "Low"},
		{abroad, firefox, ""},
		{home, firefox, "Medium"},
		{home, chrome, ""},
		{work, chrome, ""},
		{"40.1.1.1", chrome, "Medium"}, // a place that is not known is no country of the user's
		{"40.1.1.1", chrome, ""},
		{"", "", "Low"}, // a program that says nothing, and no address
	} {
		w.Advance(48 * time.Hour)
		if got := w.level(tt.ip, tt.agent); got != tt.want {
			t.Errorf("%s %.12s: %q, want %q", tt.ip, tt.agent, got, tt.want)
		}
	}
}

// What a user is known by outlives the events: who comes back after a year is no new
// user.
func TestNoveltyAfterALongTime(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.atHome()
	w.Advance(365 * 24 * time.Hour)
	_, err := w.store.DeleteOldEvents(t.Context(), 100)
	w.check(err)
	same(t, "level", w.level(abroad, chrome), "High")
}

// Failed sign-ins, of which a stranger can make as many as they like, do not make
// their place one of the user's.
func TestFailuresAreNoHabit(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.atHome()
	for range 3 {
		w.failFrom(abroad, chrome)
	}
	same(t, "level", w.level(abroad, chrome), "High")
}

func (w *world) failFrom(ip, agent string) {
	w.Helper()
	ctx := userpool.WithOrigin(w.Context(), userpool.Origin{IP: ip, UserAgent: agent})
	if _, err := w.auth.Initiate(ctx, w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": "wrong"}, "", false); err == nil {
		w.Fatal("a wrong password")
	}
}

// Guesses from many addresses raise the risk of the one that is right; the owner, in
// a network that is known, is not suspected for what strangers do.
func TestManyFailures(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.atHome()
	for _, ip := range []string{"10.2.1.1", "10.3.1.1", "10.4.1.1", "10.5.1.1", "10.6.1.1"} {
		if ip == "10.6.1.1" {
			same(t, "after four", w.level("10.8.1.1", firefox), "")
		}
		w.failFrom(ip, firefox)
	}
	same(t, "elsewhere", w.level("10.7.1.1", firefox), "Low")
	same(t, "at home", w.level(home, firefox), "")
	same(t, "in the same network", w.level("10.1.1.99", firefox), "")
	w.Advance(61 * time.Minute)
	same(t, "an hour later", w.level("10.99.1.1", firefox), "")
}

func TestImpossibleTravel(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.atHome() // a day ago
	same(t, "after a day", w.level(far, firefox), "")
	w.Advance(2 * time.Hour)
	same(t, "after two hours", w.level(home, firefox), "Medium")
	w.Advance(2 * time.Hour)
	same(t, "and a new device", w.level(far, chrome), "High")
}

// Without a database of places nothing is new about a country.
func TestNoPlaces(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.auth.Risk.Places = nil
	w.atHome()
	same(t, "abroad", w.level(abroad, firefox), "")
	w.auth.Risk.Places = places{}
	same(t, "the first with places", w.level(abroad, firefox), "")
}

// Old habits make room for new ones, and only so many are kept.
func TestHabitsAreBounded(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	for i := range 30 {
		w.level("10.1."+string(rune('0'+i/10))+string(rune('0'+i%10))+".1", firefox)
	}
	h, err := w.store.Habits(t.Context(), worldPool, w.alice.Sub)
	w.check(err)
	same(t, "networks", len(h.Networks), 20)
	same(t, "the last", h.Networks[19].Name, "10.1.29.0/24")
}

func TestEventsSayWhere(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsAudit, userpool.RiskConfiguration{})
	w.failFrom(abroad, chrome)
	w.Advance(time.Second)
	w.level(home, firefox)
	events, _, err := w.store.Events(t.Context(), worldPool, w.alice.Sub, "", 10)
	w.check(err)
	same(t, "place", *events[0].Place, places{}.Locate(netip.MustParseAddr(home)))
	same(t, "place of a failure", events[1].Place.City, "Strasbourg")
	same(t, "risk", *events[0].Risk, userpool.EventRisk{Decision: "NoRisk"})
	if events[1].Risk != nil {
		t.Error("a failure was judged")
	}
}

// Networks of exceptions: always refused, or not judged, for either kind of address.
func TestExceptions(t *testing.T) {
	config := allLevels(userpool.RiskBlock)
	config.Exceptions = &userpool.RiskExceptions{Blocked: []string{"10.66.0.0/16", "2001:db8:bad::/48", "::ffff:10.77.0.0/112"},
		Skipped: []string{"20.1.1.0/24", "2001:db8::/32", "10.66.1.0/24"}}
	for ip, want := range map[string]string{
		home: "in", "10.66.1.1": textOut, "::ffff:10.66.1.1": textOut, "10.77.1.1": textOut, "2001:db8:bad::1": textOut, "2001:db8:bad:0:1::1%eth0": textOut,
		"20.1.1.1": "in", "::ffff:20.1.1.1": "in", "2001:db8:1::1": "in", "20.1.2.1": textOut, "2001:db9::1": textOut,
	} {
		w := newRiskWorld(t, userpool.ThreatsEnforced, config)
		w.atHome()
		if got := outcome(w.from(ip, firefox)); got != want {
			t.Errorf("%s: %q, want %q", ip, got, want)
		}
	}
	w := newRiskWorld(t, userpool.ThreatsAudit, config)
	same(t, "with AUDIT", outcome(w.from("10.66.1.1", firefox)), "in")
	same(t, "what is said of it", w.risks(), "true false {Decision:Block Level: Compromised:false}")
}

// From a network that is always refused nobody learns who exists, and nobody's list
// of events is filled.
func TestRefusedNetworkTellsNothing(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{Exceptions: &userpool.RiskExceptions{Blocked: []string{"10.66.0.0/16"}}})
	ctx := userpool.WithOrigin(t.Context(), userpool.Origin{IP: "10.66.0.1"})
	for _, name := range []string{"alice", "nobody"} {
		for _, given := range []string{password, "wrong"} {
			_, err := w.auth.Initiate(ctx, w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": name, "PASSWORD": given}, "", false)
			wantFault(t, err, userpool.ErrNotAuthorized, textOut)
		}
		_, err := w.auth.Initiate(ctx, w.client, "USER_SRP_AUTH", map[string]string{"USERNAME": name, "SRP_A": strings.Repeat("1a", 64)}, "", false)
		wantFault(t, err, userpool.ErrNotAuthorized, textOut)
		_, err = w.auth.Initiate(ctx, w.client, "USER_AUTH", map[string]string{"USERNAME": name}, "", false)
		wantFault(t, err, userpool.ErrNotAuthorized, textOut)
	}
	same(t, "events", w.history(w.alice), "")
}

func FuzzRanges(f *testing.F) {
	for _, text := range []string{"10.0.0.0/8", "::ffff:1.2.3.4/120", "::ffff:0:0/95", "fe80::1%eth0/64", "1.2.3.4", "", "::/0", "010.0.0.1/8", "1.2.3.4/33"} {
		f.Add(text, "10.1.2.3")
	}
	w := newRiskWorld(f, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	s, pool := w.service(), w.readPool()
	f.Fuzz(func(t *testing.T, text, ip string) {
		c := &userpool.RiskConfiguration{Pool: worldPool, Exceptions: &userpool.RiskExceptions{Blocked: []string{text}}}
		_, err := s.SetRiskConfiguration(t.Context(), c)
		want, parseErr := netip.ParsePrefix(text)
		if err != nil {
			if parseErr == nil && !want.Addr().Is4In6() {
				t.Fatalf("%q is refused: %v", text, err)
			}
			return
		}
		addr, addrErr := netip.ParseAddr(ip)
		if parseErr != nil || addrErr != nil || want.Addr().Is4In6() {
			return
		}
		_, _, err = w.auth.SecondFactor(origin(t.Context(), ip, firefox), pool, w.client, w.alice)
		got := err != nil
		if in := want.Contains(addr.Unmap().WithZone("")); got != in {
			t.Fatalf("%s in %s: %t", ip, text, got)
		}
	})
}
