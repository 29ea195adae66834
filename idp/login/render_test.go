package login

import (
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/static"
	"github.com/poolhouse/poolhouse/templates"
	"github.com/poolhouse/poolhouse/userpool"
)

const hostile = `"><script>alert('x')</script>`

func pages(t testing.TB) *web.Pages {
	t.Helper()
	p, err := web.ParsePages(templates.FS, "login", static.Path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sample fills every part of every page.
func sample(text string) *view {
	pool := &userpool.Pool{PasswordPolicy: userpool.PasswordPolicy{MinimumLength: 10, RequireNumbers: true, RequireSymbols: true},
		Schema: []userpool.SchemaAttribute{{Name: "given_name", Required: true}, {Name: "email", Required: true}}}
	return &view{Title: "Sign in", PoolName: "Riverside Clinic", ClientName: "Field notes", Path: "/us-east-1_Demo00001",
		Query: "?client_id=abc&state=1", CSRF: "token", Step: "step", Error: text, Notice: text, Detail: text, Username: text,
		UsernameLabel: "Username", Destination: text, PasswordRules: rules(pool.PasswordPolicy), Attributes: askFor(pool, nil, nil), SignUp: true,
		Choices: []choice{{text, text}}, CanToken: true, CanEmail: true, QR: "data:image/png;base64,AAAA", Secret: text}
}

func render(t testing.TB, name string, v *view) string {
	t.Helper()
	rec := httptest.NewRecorder()
	if err := pages(t).Render(rec, 200, name, v); err != nil {
		t.Fatal(err)
	}
	return rec.Body.String()
}

// TestEveryPage: each page renders whole, is self-contained and accessible, and
// shows what people typed as text.
func TestEveryPage(t *testing.T) {
	names := pages(t).Names()
	if len(names) < 8 {
		t.Fatalf("only %d pages", len(names))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			text := render(t, name, sample(hostile))
			if strings.Contains(text, "<script>") {
				t.Error("typed text became markup")
			}
			if strings.Contains(text, "/missing/") || strings.Contains(text, "ZgotmplZ") {
				t.Error("a static file or a value is missing")
			}
			checkPage(t, text)
		})
	}
}

// checkPage walks the tokens of a page.
func checkPage(t *testing.T, text string) {
	var headings, posts, tokens int
	var labels, inputs []string
	z := html.NewTokenizer(strings.NewReader(text))
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
			continue
		}
		switch tok.Data {
		case "html":
			if attr(tok, "lang") == "" {
				t.Error("html without lang")
			}
		case "h1":
			headings++
		case "form":
			posts++
			if attr(tok, "method") != "post" || !strings.HasPrefix(attr(tok, "action"), "/us-east-1_Demo00001/") {
				t.Errorf("form %v", tok)
			}
		case "label":
			labels = append(labels, attr(tok, "for"))
		case "input":
			if attr(tok, "name") == "_csrf" {
				tokens++
			}
			if attr(tok, "type") != "hidden" {
				inputs = append(inputs, attr(tok, "id"))
				if attr(tok, "autocomplete") == "" {
					t.Errorf("no autocomplete: %v", tok)
				}
			}
		}
		for _, a := range tok.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(a.Val, "javascript:") {
				t.Errorf("the content security policy forbids %s in %v", a.Key, tok)
			}
		}
	}
	if z.Err() != io.EOF || headings != 1 || posts != tokens || !slices.Equal(labels, inputs) {
		t.Errorf("%v; %d headings, %d forms, %d tokens, labels %q, inputs %q", z.Err(), headings, posts, tokens, labels, inputs)
	}
}

func attr(tok html.Token, key string) string {
	for _, a := range tok.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestRules(t *testing.T) {
	tests := map[string]userpool.PasswordPolicy{
		"At least 8 characters.":                                                  {MinimumLength: 8},
		"At least 8 characters, with a number.":                                   {MinimumLength: 8, RequireNumbers: true},
		"At least 9 characters, with an upper-case letter and a symbol.":          {MinimumLength: 9, RequireUppercase: true, RequireSymbols: true},
		"At least 6 characters, with a lower-case letter, a number and a symbol.": {MinimumLength: 6, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true},
	}
	for want, policy := range tests {
		if got := rules(policy); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
