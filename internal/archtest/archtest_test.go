// Package archtest holds the house to its plan: which room may import which.
package archtest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/poolhouse/poolhouse/"

// A rule says what the packages of one room must not import, and why. A path
// that ends in "/..." stands for the folder and all below it.
type rule struct {
	room   string
	forbid []string
	why    string
}

var rules = []rule{
	{"./internal/...", []string{"./userpool/...", "./idp/...", "./sp/...", "./sts/...", "./sync/...", "./store/...", "./server/...", "./console/...", "./cmd/..."},
		"mechanisms know nothing of the domain"},
	{"./userpool/...", []string{"./idp/...", "./sts/...", "./sync/...", "./store/...", "./server/...", "./console/...", "./cmd/..."},
		"arrows point inward"},
	{"./sp/...", []string{"./idp/...", "./store/...", "./server/...", "./console/...", "./cmd/..."}, "arrows point inward"},
	{"./sts/...", []string{"./idp/...", "./store/...", "./server/...", "./console/...", "./cmd/..."}, "arrows point inward"},
	{"./sync/...", []string{"./idp/...", "./store/...", "./server/...", "./console/...", "./cmd/..."}, "arrows point inward"},
	{"./idp/...", []string{"./store/...", "./server/...", "./console/...", "./cmd/..."}, "arrows point inward"},
	{"./store/...", []string{"./server/...", "./console/...", "./cmd/...", "net/http"}, "a store knows neither handlers nor HTTP"},
	{"./server/...", []string{"./cmd/..."}, "arrows point inward"},
	{"./conformance/...", []string{"./userpool/...", "./idp/...", "./sts/...", "./sync/...", "./sp/...", "./server/..."}, "a black-box suite knows the network alone"},
	{"./sts/policy", []string{"./..."}, "the policy language stands alone"},
	{"./templates", []string{"./..."}, "files, nothing else"},
	{"./static", []string{"./..."}, "files, nothing else"},
}

// domains are the packages that hold rules. They know no wire and no table.
var domains = []string{"./userpool", "./userpool/srp", "./idp", "./sp", "./sts", "./sts/policy", "./sts/identity", "./sync/dataset", "./sync/settings"}

var domainForbid = []string{"net/http", "database/sql", "./internal/awsapi/...", "./internal/web/...",
	"github.com/jackc/...", "github.com/redis/...", "modernc.org/...", "github.com/ory/...", "github.com/crewjam/..."}

// exceptions are single imports that a rule would forbid, each with its reason.
var exceptions = map[string]string{
	"./internal/tour -> ./userpool/srp": "the tour is a client, and SRP's client half lives beside its server half",
}

func TestImportsPointInward(t *testing.T) {
	imports := list(t)
	used := map[string]bool{}
	for pkg, imported := range imports {
		for _, r := range rules {
			if !matches(r.room, pkg) {
				continue
			}
			check(t, pkg, imported, r.forbid, r.why, used)
		}
		if slices.Contains(domains, pkg) {
			check(t, pkg, imported, domainForbid, "a domain package knows no wire and no table", used)
		}
	}
	for e := range exceptions {
		if !used[e] {
			t.Errorf("exception %q is not needed any more", e)
		}
	}
	for _, d := range domains {
		if _, ok := imports[d]; !ok {
			t.Errorf("domain package %s does not exist", d)
		}
	}
}

func check(t *testing.T, pkg string, imported, forbid []string, why string, used map[string]bool) {
	t.Helper()
	for _, imp := range imported {
		for _, f := range forbid {
			if !matches(f, imp) || strings.HasPrefix(imp, pkg+"/") || imp == pkg {
				continue
			}
			edge := pkg + " -> " + imp
			if _, ok := exceptions[edge]; ok {
				used[edge] = true
				continue
			}
			t.Errorf("%s imports %s: %s", pkg, imp, why)
		}
	}
}

// TestPackageNamesAreUsedOnce keeps imports free of aliases where rooms meet.
func TestPackageNamesAreUsedOnce(t *testing.T) {
	out := golist(t, "{{.Name}} {{.ImportPath}}")
	seen := map[string]string{}
	for line := range strings.Lines(out) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "main" || strings.HasPrefix(short(path), "./conformance/") { // nobody imports a suite
			continue
		}
		if other, ok := seen[name]; ok {
			t.Errorf("package name %s stands for %s and %s", name, other, path)
		}
		seen[name] = path
	}
}

// list returns what each package imports, in code and not in tests. Our own
// packages begin with "./", so that ./sync is not the standard library's sync.
func list(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	for line := range strings.Lines(golist(t, `{{.ImportPath}} {{join .Imports ","}}`)) {
		pkg, all, _ := strings.Cut(strings.TrimSpace(line), " ")
		var own []string
		for imp := range strings.SplitSeq(all, ",") {
			own = append(own, short(imp))
		}
		imports[short(pkg)] = own
	}
	return imports
}

func short(path string) string {
	if rest, ok := strings.CutPrefix(path, module); ok {
		return "./" + rest
	}
	return path
}

func golist(t *testing.T, format string) string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", format, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func matches(pattern, path string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == folder || strings.HasPrefix(path, folder+"/")
	}
	return pattern == path
}
