package jsonlimit

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	limit := Limit{Bytes: 64, Depth: 2}
	for text, want := range map[string]bool{
		`{}`: true, `[]`: true, `"x"`: true, `1e400`: true, `{"a":{"b":null},"c":[1]}`: true, ` {"a":1} `: true,
		``: false, `{`: false, `{"a"}`: false, `{"a":1,}`: false, `{} {}`: false, `{}x`: false, `[1,]`: false, `]`: false,
		`{"a":1,"a":2}`: false, `{"x":{"a":1,"a":1}}`: false, `{"a":1,"\u0061":2}`: false,
		`{"a":{"b":{}}}`: false, `[[[]]]`: false,
		`"` + strings.Repeat("x", 63) + `"`: false, "\"\xff\"": false,
	} {
		if err := limit.Check([]byte(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzCheck: what is let through is JSON that encoding/json agrees with.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":null}]}`, `{"a":1,"a":1}`, `[[[[`, `{"a":`, `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if (Limit{Bytes: 1 << 10, Depth: 8}).Check([]byte(text)) == nil && !json.Valid([]byte(text)) {
			t.Errorf("%q is no JSON", text)
		}
	})
}
