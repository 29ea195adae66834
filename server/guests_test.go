package server

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/sts/identity"
)

func TestGuestPolicy(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	good, bad := write("good.json", text), write("bad.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`)
	usual := identity.DefaultGuestScope()
	for name, want := range map[string]identity.GuestScope{"": usual, "aws": usual, "off": {}, good: {Policy: text, PolicyARNs: []string{"arn:x"}}} {
		c := &Config{GuestPolicy: name, GuestPolicyARNs: []string{"arn:x"}}
		if got, err := c.guestScope(); err != nil || got.Policy != want.Policy || !slices.Equal(got.PolicyARNs, want.PolicyARNs) {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{bad, filepath.Join(dir, "none.json")} {
		if _, err := (&Config{GuestPolicy: name}).guestScope(); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}
