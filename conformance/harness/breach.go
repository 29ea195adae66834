package harness

import (
	"crypto/sha1"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BreachList makes a list of compromised passwords, as an operator does, and returns
// its file.
func BreachList(t testing.TB, passwords ...string) string {
	t.Helper()
	var lines strings.Builder
	for _, p := range passwords {
		fmt.Fprintf(&lines, "%X:1\n", sha1.Sum([]byte(p)))
	}
	name := filepath.Join(t.TempDir(), "breaches")
	build := exec.Command(Binary(t), "breach", "build", "-o", name)
	build.Stdin = strings.NewReader(lines.String())
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("breach build: %v\n%s", err, out)
	}
	return name
}
