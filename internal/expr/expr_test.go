package expr_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/expr"
)

var language = expr.New(map[string]expr.Type{
	"user": expr.TextByName, "groups": expr.List, "app": expr.TextByName, "claims": expr.ListsByName, "name": expr.Text,
})

var values = map[string]any{
	"user":   map[string]string{"email": "Alice@Example.org", "custom:team": "blue,red", "empty": ""},
	"groups": []string{"app-admin", "app-reader", "staff"},
	"app":    map[string]string{"name": "Wiki"},
	"claims": map[string][]string{"roles": {"a", "b"}},
	"name":   "alice",
}

func TestTexts(t *testing.T) {
	for _, tt := range []struct {
		source string
		want   []string
	}{
		{`user.email`, []string{"Alice@Example.org"}},
		{`user.email.lowerAscii().split("@")[0]`, []string{"alice"}},
		{`user["custom:team"].split(",")`, []string{"blue", "red"}},
		{`groups.filter(g, g.startsWith("app-")).map(g, g.replace("app-", ""))`, []string{"admin", "reader"}},
		{`"staff" in groups ? "Employee" : "Guest"`, []string{"Employee"}},
		{`"staff" in groups ? [user.email] : []`, []string{"Alice@Example.org"}},
		{`"nobody" in groups ? [user.email] : []`, nil},
		{`user[?"department"]`, nil},
		{`user.?department.orValue("none")`, []string{"none"}},
		{`user.?email`, []string{"Alice@Example.org"}},
		{`"department" in user`, []string{"false"}},
		{`size(groups)`, []string{"3"}},
		{`user.empty`, nil},
		{`claims.roles`, []string{"a", "b"}},
		{`name + "@" + app.name`, []string{"alice@Wiki"}},
		{`user.email.matches("(?i)@example\\.org$") ? "ours" : ""`, []string{"ours"}},
		{`sets.intersects(groups, ["staff", "x"])`, []string{"true"}},
		{`null`, nil},
		{`[]`, nil},
	} {
		p, err := language.Compile(tt.source)
		if err != nil {
			t.Errorf("%s: %v", tt.source, err)
			continue
		}
		got, err := p.Texts(t.Context(), values)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s gives %q, %v; want %q", tt.source, got, err, tt.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, source := range map[string]string{
		"nothing":                  ``,
		"a typing error":           `user.email +`,
		"an unknown variable":      `env.HOME`,
		"an unknown function":      `read("/etc/passwd")`,
		"a wrong type":             `user.email + 1`,
		"a number with a fraction": `1.5`,
		"a map":                    `user`,
		"a list of numbers":        `[1, 2]`,
		"a bad pattern":            `user.email.matches("(")`,
		"a pattern of a million":   `user.email.matches("` + strings.Repeat("(.?){1000}", 180) + `")`,
		"a pattern of the user's":  `"x".matches(user.email)`,
		"a pattern made up":        `matches("x", "a" + user.email)`,
		"loops in loops in loops":  `groups.all(a, groups.all(b, groups.all(c, a == b)))`,
		"a long text":              `"` + strings.Repeat("x", expr.MaxSource) + `"`,
		"deep nesting":             strings.Repeat("(", 500) + "name" + strings.Repeat(")", 500),
	} {
		if _, err := language.Compile(source); !errors.Is(err, expr.ErrCompile) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestCompileSaysWhere(t *testing.T) {
	_, err := language.Compile(`user.email + nowhere`)
	if err == nil || !strings.Contains(err.Error(), "1:14") || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("error %v", err)
	}
}

// TestBombs evaluates expressions that would grow without end: each must fail fast.
func TestBombs(t *testing.T) {
	long := strings.Repeat("a", 2000)
	bomb := map[string]any{"user": map[string]string{"a": long}, "groups": slices.Repeat([]string{"g"}, 5000),
		"app": map[string]string{}, "claims": map[string][]string{}, "name": long}
	for name, source := range map[string]string{
		"replace in replace": `"a"` + strings.Repeat(`.replace("a","aaaaaaaaaa")`, 30),
		"loop in loop":       `groups.map(a, groups.filter(b, a == b).join())`,
		"letters times all":  `name.split("").map(c, name.split("").map(d, name).join()).join()`,
		"long names":         `name.split("").map(c, name.replace("a", "bbbbbbbb"))`,
		"too many values":    `groups`,
	} {
		p, err := language.Compile(source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := p.Texts(t.Context(), bomb); !errors.Is(err, expr.ErrEvaluate) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestPatternBombs: what the pattern of a match may repeat keeps a match within the time
// of an expression, which nothing can interrupt.
func TestPatternBombs(t *testing.T) {
	for name, pattern := range map[string]string{
		"steps": strings.Repeat("(.?){1000}", 20), "ranges": strings.Repeat(".{0,1000}", 20), "classes": `\p{L}{1000}`,
		"counts in counts": "((.?){30}){30}", "an open end": "(.?){900,}",
	} {
		if _, err := expr.Pattern(pattern); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, pattern := range []string{"", "wiki-.*", "[a-z]{2,63}", `(?i)^[^@]{1,64}@(?:[a-z0-9-]{1,63}\.){1,2}org$`, strings.Repeat("x", 2000)} {
		if _, err := expr.Pattern(pattern); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, pattern := range []string{"x)|(?:.*", `x\Q`, "(", strings.Repeat("(.?){1000}", 20)} {
		if whole, err := expr.Whole(pattern); err == nil && whole.MatchString("xy") {
			t.Errorf("%q gets out", pattern)
		}
	}
	if whole, err := expr.Whole("(?im)a|b"); err != nil || !whole.MatchString("B") || whole.MatchString("ab") || whole.MatchString("a\nb") {
		t.Errorf("%v %v", whole, err)
	}
	p, err := language.Compile(`groups.filter(g, user.a.matches("(.?){99}b"))`)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 2000)
	if _, err := p.Texts(t.Context(), map[string]any{"user": map[string]string{"a": long}, "groups": slices.Repeat([]string{"g"}, 500)}); !errors.Is(err, expr.ErrEvaluate) {
		t.Error(err)
	}
}

func TestFailures(t *testing.T) {
	for _, source := range []string{`user.department`, `groups[7]`, `1 / 0`} {
		p, err := language.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Texts(t.Context(), values); !errors.Is(err, expr.ErrEvaluate) {
			t.Errorf("%s: error %v", source, err)
		}
	}
}

func TestText(t *testing.T) {
	one, err := language.Compile(`name`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := one.Text(t.Context(), values); got != "alice" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	many, err := language.Compile(`groups`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := many.Text(t.Context(), values); !errors.Is(err, expr.ErrEvaluate) {
		t.Errorf("several values: %v", err)
	}
}

func TestUses(t *testing.T) {
	p, err := language.Compile(`groups.map(g, g + name)`)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Uses("groups") || !p.Uses("name") || p.Uses("user") {
		t.Error("the variables that are read")
	}
}

// TestCompiledOnce finds the program again.
func TestCompiledOnce(t *testing.T) {
	a, err := language.Compile(`name + "1"`)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := language.Compile(`name + "1"`); a != b {
		t.Error("compiled twice")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`user.email`, `groups.map(g, g)`, `"a".replace("a", name)`, `user[?"x"].orValue("y")`, `[`, `{}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := language.Compile(source)
		if err != nil {
			if !errors.Is(err, expr.ErrCompile) {
				t.Fatal(err)
			}
			return
		}
		if _, err := p.Texts(context.Background(), values); err != nil && !errors.Is(err, expr.ErrEvaluate) {
			t.Fatal(err)
		}
	})
}

func BenchmarkTexts(b *testing.B) {
	p, err := language.Compile(`groups.filter(g, g.startsWith("app-")).map(g, g.replace("app-", ""))`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Texts(b.Context(), values); err != nil {
			b.Fatal(err)
		}
	}
}
