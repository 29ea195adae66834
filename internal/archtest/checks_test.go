package archtest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
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

// TestSAMLTests: each attack and each requirement of docs/saml.md names tests that
// there are, or says why it has none; and the attacks are those of samlattack.
func TestSAMLTests(t *testing.T) {
	doc, err := os.ReadFile("../../docs/saml.md")
	if err != nil {
		t.Fatal(err)
	}
	_, doc, _ = bytes.Cut(doc, []byte("\n## Attacks\n"))
	var classes []string
	requirements := 0
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		switch {
		case strings.HasPrefix(line, "| `"):
			class, _, _ := strings.Cut(cells[0], ":")
			classes = append(classes, strings.Trim(class, " `"))
			checkCells(t, cells[2:])
		case strings.HasPrefix(line, "| SDP-"), strings.HasPrefix(line, "| IIP-"):
			requirements++
			checkCells(t, cells[2:])
		}
	}
	if !slices.Equal(classes, samlattack.Classes) {
		t.Errorf("docs/saml.md has the attacks %q", classes)
	}
	if requirements < 50 {
		t.Errorf("%d requirements", requirements)
	}
}

var noTest = regexp.MustCompile(`^ Not (applicable|met|tested): `)

// checkCells holds that the cells name tests that there are.
func checkCells(t *testing.T, cells []string) {
	t.Helper()
	for _, cell := range cells {
		found := checkTest.FindAllStringSubmatch(cell, -1)
		if len(found) == 0 && !noTest.MatchString(cell) {
			t.Errorf("no test: %s", cell)
		}
		for _, f := range found {
			source := testSource(t, f[1])
			for name := range strings.SplitSeq(f[2], ", ") {
				if name = strings.TrimSpace(name); !strings.Contains(source, "func "+name+"(") {
					t.Errorf("%s has no %s", f[1], name)
				}
			}
		}
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
