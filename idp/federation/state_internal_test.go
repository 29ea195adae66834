package federation

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

// What waits is read by nobody who sees the store, and counts under its own name alone.
func TestWhatWaitsIsSealed(t *testing.T) {
	h := &Handler{Ephemeral: ephemeraltest.New(time.Now), Sealer: keyringtest.New(t), Now: time.Now}
	w := httptest.NewRecorder()
	mark := h.mark(w, httptest.NewRequest("GET", "/", nil))
	token, err := h.put(t.Context(), nsAsked, "us-east-1_Demo00001", asked{pin: pin{Provider: "Okta", Browser: mark}, Memo: []byte("verifier")}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := h.Ephemeral.Get(t.Context(), nsAsked, "us-east-1_Demo00001/"+token)
	if err != nil || bytes.Contains(raw, []byte("Okta")) {
		t.Errorf("kept as %q, %v", raw, err)
	}
	if err := h.Ephemeral.Put(t.Context(), nsAsked, "us-east-1_Demo00001/moved", raw, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.SetPathValue("pool", "us-east-1_Demo00001")
	r.AddCookie(w.Result().Cookies()[0])
	var q asked
	if err := take(h, r, nsAsked, "moved", &q); !errors.Is(err, keyring.ErrSealBroken) {
		t.Errorf("moved: %v", err)
	}
	if err := take(h, r, nsAsked, token, &q); err != nil || string(q.Memo) != "verifier" {
		t.Errorf("%+v, %v", q, err)
	}
}
