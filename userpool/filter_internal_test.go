package userpool

import (
	"strconv"
	"strings"
	"testing"
)

// FuzzFilter: nothing crashes the parser, and what it accepts means what a
// careful writer of the same filter would have written.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`username = "bob"`, `"sub" ^= "a\"b"`, `name="`, `=""`, `email ^= "\\"`, "status\t=\t\"x\"", ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseFilter(text)
		if err != nil || got == (UserFilter{}) {
			return
		}
		op := " = "
		if got.Prefix {
			op = " ^= "
		}
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(got.Value)
		again, err := parseFilter(got.Attribute + op + `"` + escaped + `"`)
		if err != nil || again != got {
			t.Errorf("%s: %+v, written again: %+v, %v", strconv.Quote(text), got, again, err)
		}
	})
}

func TestMasks(t *testing.T) {
	for address, want := range map[string]string{"bob@gmail.com": "b***@g***", "é@x": "é***@x***"} {
		if got := maskEmail(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	for phone, want := range map[string]string{"+15551231234": "+*******1234", "+12": "+*******12"} {
		if got := maskPhone(phone); got != want {
			t.Errorf("%s: %s, want %s", phone, got, want)
		}
	}
}
