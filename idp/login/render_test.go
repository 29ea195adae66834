package login

import (
	"io"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
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

func catalogue(t testing.TB) *words.Catalogue {
	t.Helper()
	c, err := words.Parse(templates.FS, "login/locales", "en")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sample fills every part of every page.
func sample(t testing.TB, l *words.Language, text string) *view {
	pool := &userpool.Pool{PasswordPolicy: userpool.PasswordPolicy{MinimumLength: 10, RequireNumbers: true, RequireSymbols: true},
		Schema: []userpool.SchemaAttribute{{Name: "given_name", Required: true}, {Name: "email", Required: true},
			{Name: "custom:vip", Type: "Boolean"}, {Name: "custom:age", Type: "Number", Min: "1", Max: "9"}, {Name: "custom:seen", Type: "DateTime"}, {Name: "locale", Type: "String", Min: "2", Max: "9"}}}
	return &view{Frame: Frame{Lang: l, Title: "Sign in", PoolName: "Riverside Clinic", ClientName: "Field notes", Path: "/us-east-1_Demo00001",
		Query: "?client_id=abc&state=1", CSRF: "token", Step: "step", Logo: "/us-east-1_Demo00001/branding/1.png", Error: text, Notice: text, Detail: text,
		page: "login", query: url.Values{"client_id": {"abc"}, "state": {text}}, all: catalogue(t).Languages()},
		Username: text, UsernameLabel: "Username", Destination: text, Rules: rules(l, pool.PasswordPolicy), Attributes: askFor(l, pool, nil, nil), SignUp: true,
		Terms: []link{{text, "https://example.com/terms"}}, Choices: []choice{{text, text}}, Optional: fieldsOf(l, pool, []string{"custom:vip", "custom:age", "custom:seen", "locale", "phone_number"}, nil),
		Recovery: len(text)%2 == 0, Codes: []string{text}, Password: true, Remember: true, Passkey: &passkeyView{text, text}, Factor: text,
		Question: questionView{Text: text, Hint: text, Label: text}, Upstreams: []upstreamView{{text, "/us-east-1_Demo00001/login?provider=x"}}, Accounts: []account{{text, "/us-east-1_Demo00001/login?x=1"}}, Other: "/us-east-1_Demo00001/login", Again: "/us-east-1_Demo00001/login", CanToken: true, CanEmail: true, QR: "data:image/png;base64,AAAA", Secret: text,
		Next: "myapp://signed-out?x=1", Frames: []string{"https://app.example/bye?iss=" + text}}
}

// A guest fills what pages of other rooms read besides.
type guest struct {
	*view
	App, Code, Message, Request, User, Answer string
	Scopes                                    []string

	Registered, Weak           bool
	Details                    []string
	Policy, Conditions, Ticket string

	*chain.Leaving
	Missed, Mute []string
}

func render(t testing.TB, name string, v any) string {
	t.Helper()
	rec := httptest.NewRecorder()
	if err := pages(t).Render(rec, 200, name, v); err != nil {
		t.Fatal(err)
	}
	return rec.Body.String()
}

// TestEveryPage: each page renders whole, in every language, is self-contained and
// accessible, and shows what people typed as text.
func TestEveryPage(t *testing.T) {
	names := pages(t).Names()
	if len(names) < 8 {
		t.Fatalf("only %d pages", len(names))
	}
	for _, l := range catalogue(t).Languages() {
		for _, name := range names {
			t.Run(l.Tag+"/"+name, func(t *testing.T) {
				text := render(t, name, guest{view: sample(t, l, hostile), App: hostile, Code: hostile, Message: hostile, Request: hostile,
					User: hostile, Answer: "/us-east-1_Demo00001/approve", Scopes: []string{hostile}, Registered: true, Details: []string{hostile},
					Policy: "https://app.example/" + hostile, Ticket: hostile,
					Leaving: &chain.Leaving{Visits: []chain.Visit{{Name: hostile, Done: chain.Confirmed}, {Name: hostile, Done: chain.Skipped}, {Name: hostile, Now: true}, {Name: hostile}},
						Go: "/us-east-1_Demo00001/signout?go=a&b=%22", Skip: "/us-east-1_Demo00001/signout?skip=a"}, Missed: []string{hostile}, Mute: []string{hostile}})
				if strings.Contains(text, "<script>") {
					t.Error("typed text became markup")
				}
				if strings.Contains(text, "/missing/") || strings.Contains(text, "ZgotmplZ") {
					t.Error("a static file or a value is missing")
				}
				if !strings.Contains(text, `<html lang="`+l.Tag+`" dir="`+l.Dir+`">`) {
					t.Error("the page does not say its language")
				}
				checkPage(t, text)
			})
		}
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
		case "input", "select":
			if attr(tok, "name") == "_csrf" {
				tokens++
			}
			if attr(tok, "type") != "hidden" && !has(tok, "hidden") {
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

func has(tok html.Token, key string) bool {
	return slices.ContainsFunc(tok.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func TestRules(t *testing.T) {
	l := catalogue(t).For("en")
	tests := map[string]userpool.PasswordPolicy{
		"at least 8 characters":          {MinimumLength: 8},
		"at least 8 characters|a number": {MinimumLength: 8, RequireNumbers: true},
		"at least 9 characters|an upper-case letter (A–Z)|a symbol, such as ! or ?": {MinimumLength: 9, RequireUppercase: true, RequireSymbols: true},
	}
	for want, policy := range tests {
		if got := strings.Join(rules(l, policy), "|"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
