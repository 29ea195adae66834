package sts

import (
	"encoding/json"
	"testing"
)

// FuzzPrincipals: whatever the document, each place that is found holds the JSON
// string that was read there, and the places stand in order.
func FuzzPrincipals(f *testing.F) {
	for _, seed := range []string{
		`{"Statement":{"Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"}}}`,
		`{"Statement":[{"Principal":{"AWS":["a","bA",{"AWS":"c"}],"Federated":"d"}},{"Principal":"*"}]}`,
		`{"Principal":{"AWS" :  [ "\"" , null, 1, [ "x" ] ]}} {"Principal":{"AWS":"y"}}`,
		`{"Statement":{"Principal":{"AWS":`, `[[[[`, `[0`, `{"a"`, `{"Principal":{"AWS":"é\ud800"}}`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		last := 0
		for _, s := range awsPrincipals(doc) {
			var text string
			if s.start < last || s.end <= s.start || s.end > len(doc) {
				t.Fatalf("%d to %d after %d of %d", s.start, s.end, last, len(doc))
			}
			if err := json.Unmarshal([]byte(doc[s.start:s.end]), &text); err != nil || text != s.text {
				t.Fatalf("%q stands where %q was read: %v", doc[s.start:s.end], s.text, err)
			}
			last = s.end
		}
	})
}
