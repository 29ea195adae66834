package geoip_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/geoip"
	"github.com/poolhouse/poolhouse/userpool/geoip/geoiptest"
)

func named(name string) map[string]any {
	return map[string]any{"names": map[string]any{"en": name, "de": "auf Deutsch"}}
}

func TestLocate(t *testing.T) {
	berlin := map[string]any{"country": map[string]any{"iso_code": "DE", "names": map[string]any{"en": "Germany"}}, "city": named("Berlin"),
		"location": map[string]any{"latitude": 52.5, "longitude": 0.0, "time_zone": "Europe/Berlin", "accuracy_radius": uint32(10)}}
	france := map[string]any{"country": map[string]any{"iso_code": "FR", "names": map[string]any{"en": "France"}}}
	name := geoiptest.Write(t, map[string]map[string]any{"192.0.2.0/24": berlin, "2001:db8::/32": france, "198.51.100.7/32": {}})
	db, err := geoip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for ip, want := range map[string]userpool.Place{
		"192.0.2.200":   {Country: "DE", CountryName: "Germany", City: "Berlin", Timezone: "Europe/Berlin", Located: true, Latitude: 52.5},
		"2001:db8:1::1": {Country: "FR", CountryName: "France"},
		"198.51.100.7":  {}, "192.0.3.1": {}, "::1": {},
	} {
		if got := db.Locate(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: %+v, want %+v", ip, got, want)
		}
	}
	if got := db.Locate(netip.Addr{}); got != (userpool.Place{}) {
		t.Errorf("no address: %+v", got)
	}
}

// A file that is none is refused by its name.
func TestBadFiles(t *testing.T) {
	good, err := os.ReadFile(geoiptest.Write(t, map[string]map[string]any{"192.0.2.0/24": {"country": named("x")}}))
	if err != nil {
		t.Fatal(err)
	}
	for what, content := range map[string][]byte{"empty": nil, "text": []byte("not a database"), "cut": good[:len(good)-60]} {
		bad := filepath.Join(t.TempDir(), "bad.mmdb")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := geoip.Open(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := geoip.Open(filepath.Join(t.TempDir(), "none.mmdb")); err == nil {
		t.Error("no file was opened")
	}
}
