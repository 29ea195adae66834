package doctor_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/server/doctor"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestEnds(t *testing.T) {
	day := 24 * time.Hour
	at := func(name string, from, until time.Duration) doctor.Certificate {
		return doctor.Certificate{Name: name, Renew: "renew " + name, From: noon.Add(from), Until: noon.Add(until)}
	}
	found := doctor.Ends(noon, []doctor.Certificate{at("past", -2*day, 0), at("soon", -day, 29*day), at("early", day, 90*day),
		at("well", -day, 90*day), at("better", -day, 900*day)})
	want := []string{"failed past ended on 2026-11-24", "warning soon ends on 2026-12-23, in 29 days", "failed early is not valid before 2026-11-25T12:00:00Z",
		"ok 2 valid, the first of them until 2027-02-22"}
	if len(found) != len(want) {
		t.Fatalf("%+v", found)
	}
	for i, f := range found {
		if got := string(f.State) + " " + f.Found; got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
	}
	if found[0].Mend != "renew past" {
		t.Errorf("to mend: %q", found[0].Mend)
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		off, took, precision time.Duration
		want                 doctor.State
	}{
		{0, 10 * time.Millisecond, 0, doctor.OK},
		{900 * time.Millisecond, 0, time.Second, doctor.OK},
		{5 * time.Second, 0, 0, doctor.Warning},
		{-5 * time.Second, 0, time.Second, doctor.Warning},
		{5 * time.Second, 8 * time.Second, 0, doctor.OK}, // it may have looked at once, or at the end
		{-time.Minute, time.Second, 0, doctor.Failed},
		{time.Hour, 0, time.Second, doctor.Failed},
	} {
		if got := doctor.Clock("x", noon.Add(c.off), noon, noon.Add(c.took), c.precision); got.State != c.want {
			t.Errorf("%v off after %v: %+v, want %s", c.off, c.took, got, c.want)
		}
	}
}

func TestProxies(t *testing.T) {
	for name, c := range map[string]struct {
		seen   doctor.Connection
		secure bool
		want   doctor.State
		text   string
	}{
		"none":                {doctor.Connection{SourceIP: "203.0.113.9", Peer: "203.0.113.9", Secure: true}, true, doctor.OK, "No proxy"},
		"not trusted":         {doctor.Connection{SourceIP: "10.0.0.1", Peer: "10.0.0.1", Forwarded: true}, false, doctor.Failed, "not trusted"},
		"silent":              {doctor.Connection{SourceIP: "10.0.0.1", Peer: "10.0.0.1", Trusted: true}, false, doctor.Failed, "does not say whom"},
		"without the scheme":  {doctor.Connection{SourceIP: "203.0.113.9", Peer: "10.0.0.1", Forwarded: true, Trusted: true}, true, doctor.Failed, "cannot tell"},
		"naming itself":       {doctor.Connection{SourceIP: "10.0.0.1", Peer: "10.0.0.1", Forwarded: true, Trusted: true, Secure: true}, true, doctor.Failed, "names itself"},
		"from this machine":   {doctor.Connection{SourceIP: "127.0.0.1", Peer: "10.0.0.1", Forwarded: true, Trusted: true, Secure: true}, true, doctor.Warning, "127.0.0.1"},
		"as it should be":     {doctor.Connection{SourceIP: "203.0.113.9", Peer: "10.0.0.1", Forwarded: true, Trusted: true, Secure: true}, true, doctor.OK, "203.0.113.9"},
		"plain and no proxy":  {doctor.Connection{SourceIP: "203.0.113.9", Peer: "203.0.113.9"}, false, doctor.OK, "No proxy"},
		"https without proxy": {doctor.Connection{SourceIP: "203.0.113.9", Peer: "203.0.113.9"}, true, doctor.Failed, "cannot tell"},
	} {
		found := c.seen.Proxies(c.secure)
		if len(found) != 1 || found[0].State != c.want || !strings.Contains(found[0].Found, c.text) || (c.want == doctor.OK) != (found[0].Mend == "") {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestReach looks at sites that are not what they should be.
func TestReach(t *testing.T) {
	late := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.Write([]byte("ok\n"))
	}
	other := func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<h1>Welcome to nginx!</h1>")) }
	plain, strange := httptest.NewServer(http.HandlerFunc(late)), httptest.NewServer(http.HandlerFunc(other))
	defer plain.Close()
	defer strange.Close()
	private := httptest.NewTLSServer(http.HandlerFunc(late))
	defer private.Close()
	for name, c := range map[string]struct{ url, text string }{
		"late":              {plain.URL, "clock and ours differ"},
		"another":           {strange.URL, "not as Poolhouse does"},
		"private authority": {private.URL, "an authority that this machine does not know"},
		"no tls":            {"https" + strings.TrimPrefix(plain.URL, "http"), "does not speak TLS"},
		"nobody":            {"http://127.0.0.1:1", "cannot be reached"},
		"no name":           {"http://nobody.invalid", "nobody.invalid"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		found := doctor.Site{URL: c.url, Client: &http.Client{}, Now: time.Now}.Reach(ctx)
		cancel()
		last := found[len(found)-1]
		if last.State != doctor.Failed || !strings.Contains(last.Found, c.text) || last.Mend == "" {
			t.Errorf("%s: %+v", name, found)
		}
	}
	trusting := doctor.Site{URL: private.URL, Client: private.Client(), Now: time.Now}.Reach(t.Context())
	if len(trusting) != 3 || trusting[0].State != doctor.OK || trusting[2].State != doctor.OK {
		t.Errorf("with its authority: %+v", trusting)
	}
}

func TestExamine(t *testing.T) {
	var told []string
	worst := doctor.Examine(t.Context(), []doctor.Check{
		{Area: "one", Look: func(context.Context) []doctor.Finding {
			return []doctor.Finding{doctor.Good("well"), doctor.Warn("mend it", "so so")}
		}},
		{Area: "two", Look: func(context.Context) []doctor.Finding { return []doctor.Finding{doctor.Skip("", "not here")} }},
	}, func(f doctor.Finding) { told = append(told, f.Area+" "+string(f.State)) })
	if worst != doctor.Warning || strings.Join(told, ", ") != "one ok, one warning, two skipped" {
		t.Errorf("%s: %v", worst, told)
	}
}
