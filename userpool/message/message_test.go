package message_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	f := message.Files{Dir: dir, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) }}
	for range 2 { // two at one instant are two messages
		if err := f.Send(t.Context(), userpool.Mail{To: "a@example.com", Body: "123456"}); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	info, err := os.Stat(names[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ To, Body string }
	if err := json.Unmarshal(b, &m); err != nil || m.To != "a@example.com" || m.Body != "123456" {
		t.Errorf("%s: %v", b, err)
	}
}

func TestNowhereRefuses(t *testing.T) {
	if err := (message.Nowhere{}).Send(t.Context(), userpool.Mail{}); !errors.Is(err, message.ErrNotConfigured) {
		t.Errorf("error %v", err)
	}
}
