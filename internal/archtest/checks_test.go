package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// securityChecks is the table of docs/security-checks.md.
const securityChecks = "../../docs/security-checks.md"

var (
	checkRow  = regexp.MustCompile(`^\| (S\d+ )?\|? ?.*\| (.*) \|$`)
	checkTest = regexp.MustCompile("`([a-z/0-9]+)`: ([A-Za-z0-9, ]+)")
)

// TestSecurityChecksExist: each check names tests that there are, or says why it has none.
func TestSecurityChecksExist(t *testing.T) {
	doc, err := os.ReadFile(securityChecks)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(doc)) {
		m := checkRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || strings.HasPrefix(m[2], "tests") || strings.HasPrefix(m[2], "---") {
			continue
		}
		rows++
		found := checkTest.FindAllStringSubmatch(m[2], -1)
		if len(found) == 0 && !strings.HasPrefix(m[2], "Not applicable:") {
			t.Errorf("no test: %s", line)
		}
		for _, f := range found {
			source := testSource(t, f[1])
			for name := range strings.SplitSeq(f[2], ", ") {
				if !strings.Contains(source, "func "+name+"(") {
					t.Errorf("%s has no %s", f[1], name)
				}
			}
		}
	}
	if rows < 29 {
		t.Errorf("%d rows", rows)
	}
}

// testSource is the text of a package's tests.
func testSource(t *testing.T, pkg string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}
