package harness

import (
	"net/http"
	"testing"
	"time"
)

// pollEvery is how often Until looks.
const pollEvery = 10 * time.Millisecond

// Until waits until something holds that another process does in its own time. Where it
// does not in time the test fails, with what missing says.
func Until(t testing.TB, within time.Duration, missing func() string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, missing())
		}
	}
}

// Answers reports whether somebody answers at an address, whatever it is.
func Answers(client *http.Client, address string) bool {
	resp, err := client.Get(address)
	if err == nil {
		resp.Body.Close()
	}
	return err == nil
}
