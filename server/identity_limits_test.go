package server_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server/servertest"
)

// What needs no signature is counted by address and identity pool.
func TestLimitOfIdentityPool(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := limited(t, p, servertest.Options{})
		ask := func(from, operation, body string) (status int, after string) {
			w := post(s, from, "/", body, "Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "AWSCognitoIdentityService."+operation)
			return w.Code, w.Header().Get("Retry-After")
		}
		const junk = `{"IdentityPoolId":"` + demodata.IdentityPool + `","Logins":{"x":"y"}}`
		for n := range 500 {
			if _, after := ask(there, "GetId", junk); after != "" {
				t.Fatalf("call %d is too many", n+1)
			}
		}
		if status, after := ask(there, "GetId", junk); status != 400 || after != "7" {
			t.Errorf("call 501: %d, Retry-After %q", status, after)
		}
		if _, after := ask(here, "GetId", junk); after != "" {
			t.Error("another address waits")
		}
	})
}
