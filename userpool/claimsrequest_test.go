package userpool_test

import (
	"encoding/json"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// FuzzParseClaimsRequest: what is taken is small, and means the same when it is read
// again from where it was kept.
func FuzzParseClaimsRequest(f *testing.F) {
	for _, s := range []string{`{"userinfo":{"name":{"essential":true}},"id_token":{"acr":{"values":["a","b"]},"sub":{"value":"x"}}}`,
		`{"userinfo":null}`, `{"USERINFO":{}}`, `{"id_token":{"a":null,"a":null}}`, `[[[[[[[[`, `null`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := userpool.ParseClaimsRequest([]byte(text))
		if err != nil {
			return
		}
		if len(text) > 8<<10 || len(r.UserInfo) > 100 || len(r.IDToken) > 100 {
			t.Fatalf("taken: %d bytes, %d and %d claims", len(text), len(r.UserInfo), len(r.IDToken))
		}
		for _, c := range r.IDToken {
			c.Texts()
		}
		kept, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := userpool.ParseClaimsRequest(kept); err == nil && len(again.IDToken) != len(r.IDToken) {
			t.Errorf("%q became %q", text, kept)
		}
	})
}
