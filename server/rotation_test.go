package server_test

import (
	"encoding/json"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

// TestKeysRotateWithoutARefusal: tokens are signed with keys that were published
// before, and those of the old keys are accepted to the end of their lives.
func TestKeysRotateWithoutARefusal(t *testing.T) {
	clock := ephemeraltest.NewClock()
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true, Now: clock.Now})
	password := map[string]string{"USERNAME": demodata.Alice.Username, "PASSWORD": demodata.Alice.Password}
	renew := func(after time.Duration) {
		t.Helper()
		clock.Advance(after)
		if err := s.RenewKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	signIn(t, s, "USER_PASSWORD_AUTH", password)
	renew(time.Hour)
	first := kids(t, s)
	if len(first) != 2 {
		t.Fatalf("%d keys, want one for ID and one for access tokens", len(first))
	}
	renew(89 * 24 * time.Hour)
	if both := kids(t, s); len(both) != 4 {
		t.Fatalf("%d keys a day before the change, want the next ones too", len(both))
	}
	clock.Advance(24 * time.Hour)
	old := signIn(t, s, "USER_PASSWORD_AUTH", password)
	renew(0)
	renewed := signIn(t, s, "USER_PASSWORD_AUTH", password)
	for name, token := range map[string]string{"old": old.AccessToken, "new": renewed.AccessToken} {
		if _, err := s.Tokens.VerifyAccess(t.Context(), token); err != nil {
			t.Errorf("%s token: %v", name, err)
		}
	}
	signIn(t, s, "REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": old.RefreshToken})
	if all := kids(t, s); !slices.Contains(all, first[0]) {
		t.Error("the old keys are gone, though their tokens may live")
	}
	renew(26 * time.Hour)
	if last := kids(t, s); len(last) != 2 || slices.Contains(last, first[0]) || slices.Contains(last, first[1]) {
		t.Errorf("keys %v at the end, want two new ones instead of %v", last, first)
	}
}

func kids(t *testing.T, s *server.Server) (ids []string) {
	t.Helper()
	raw, err := s.Tokens.JWKS(t.Context(), demodata.PoolID)
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

// A server that is restarted more often than it looks at its keys renews them all
// the same: it looks when it starts.
func TestKeysAreRenewedAtStart(t *testing.T) {
	clock := ephemeraltest.NewClock()
	cfg := servertest.Config(t, servertest.Embedded)
	s, stop := servertest.Open(t, cfg, servertest.Options{Demo: true, Now: clock.Now})
	signIn(t, s, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": demodata.Alice.Username, "PASSWORD": demodata.Alice.Password})
	stop()
	clock.Advance(89 * 24 * time.Hour)
	s, stop = servertest.Open(t, cfg, servertest.Options{Now: clock.Now})
	defer stop()
	for deadline := time.Now().Add(20 * time.Second); len(kids(t, s)) != 4; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d keys, want the next ones too", len(kids(t, s)))
		}
		clock.Advance(2 * time.Minute) // past what the key ring remembers
	}
}
