package login

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/templates"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestTenLanguages(t *testing.T) {
	var tags []string
	for _, l := range catalogue(t).Languages() {
		tags = append(tags, l.Tag)
	}
	if want := []string{"en", "ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt"}; !slices.Equal(tags, want) {
		t.Errorf("languages %q", tags)
	}
}

// TestNoTextInTemplates: what people read comes from the catalogues.
func TestNoTextInTemplates(t *testing.T) {
	files, err := fs.Glob(templates.FS, "login/*.html")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	attribute := regexp.MustCompile(` [a-z-]+="[^"]*"`)
	action, tag, word := regexp.MustCompile(`(?s)\{\{.*?\}\}`), regexp.MustCompile(`(?s)<[^>]*>`), regexp.MustCompile(`\p{L}{2,}`)
	for _, file := range files {
		raw, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		text := attribute.ReplaceAllString(action.ReplaceAllString(string(raw), ""), "")
		if found := word.FindString(tag.ReplaceAllString(text, "")); found != "" {
			t.Errorf("%s: %q is not from a catalogue", file, found)
		}
		if found := regexp.MustCompile(`(alt|title|aria-label|placeholder)="[^"{]*\p{L}[^"]*"`).FindString(string(raw)); found != "" {
			t.Errorf("%s: %s is not from a catalogue", file, found)
		}
	}
}

var failure = regexp.MustCompile(`(?:web\.Fail\([^,"]+, |[^.]\bFail\(http[^,"]+, |badRequest\()"([^"]*)"`)

// TestEveryErrorIsTranslated: what an error page says of a request is in the
// catalogues, whichever room said it.
func TestEveryErrorIsTranslated(t *testing.T) {
	german, seen := catalogue(t).For("de"), 0
	for _, room := range []string{"..", "../../internal/web"} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(path)
			for _, m := range failure.FindAllStringSubmatch(string(raw), -1) {
				if seen++; german.Translate(m[1]) == m[1] {
					t.Errorf("%s: %q is not in the catalogues", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 20 {
		t.Errorf("only %d errors found", seen)
	}
}

func TestExplain(t *testing.T) {
	en, de := catalogue(t).For("en"), catalogue(t).For("de")
	for want, err := range map[string]error{
		"Incorrect username or password.":                             userpool.ErrUserNotFound,
		"You may not sign in here. Ask the people who run the app.":   userpool.Fail(userpool.ErrNotAuthorized, "anything"),
		"The password is too short.":                                  userpool.PasswordPolicy{MinimumLength: 8}.CheckPassword("short", false),
		"The password needs a symbol.":                                userpool.PasswordPolicy{RequireSymbols: true}.CheckPassword("Longenough", true),
		"Given name is not valid. Check it and try again.":            userpool.Fail(userpool.ErrInvalidParameter, schemaPrefix+"given_name: The attribute is required\n"),
		"PreSignUp failed with error no.":                             userpool.Fail(userpool.ErrUserLambda, "PreSignUp failed with error no."),
		"An account with this address exists already.":                &userpool.AliasError{Attribute: "email"},
		"Something in the form is not valid. Check it and try again.": userpool.Fail(userpool.ErrInvalidParameter, "1 validation error detected"),
	} {
		if _, got, ok := explain(en, err); !ok || got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
		if _, got, _ := explain(de, err); got == want && !strings.Contains(got, "PreSignUp") {
			t.Errorf("%q in German", got)
		}
	}
	if _, _, ok := explain(en, http.ErrNoCookie); ok {
		t.Error("an error of ours is explained")
	}
	policy := userpool.PasswordPolicy{MinimumLength: 3, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true}
	for _, password := range []string{"", "abc", "ABC", "ABc", "ABc1", strings.Repeat("x", 300), " Ab1!"} {
		if _, got, _ := explain(en, policy.CheckPassword(password, false)); got == en.Text("problem.password") {
			t.Errorf("%q is refused without a reason: %s", password, policy.Fault(password))
		}
	}
}

// TestErrorPageInTheReadersLanguage: lang, then ui_locales, then the browser decide.
func TestErrorPageInTheReadersLanguage(t *testing.T) {
	show := ErrorPage(pages(t), catalogue(t))
	for _, tt := range []struct{ query, header, want string }{
		{"", "", "There is no such page."},
		{"", "de-AT,en;q=0.5", "Diese Seite gibt es nicht."},
		{"?ui_locales=xx+fr", "de", "Cette page n’existe pas."},
		{"?ui_locales=fr&lang=it", "de", "Questa pagina non esiste."},
		{"?lang=%22%3E", strings.Repeat("de,", 200), "There is no such page."},
	} {
		r := httptest.NewRequest("GET", "/"+tt.query, nil)
		r.Header.Set("Accept-Language", tt.header)
		rec := httptest.NewRecorder()
		if err := show(rec, r, &web.Error{Status: 404, Text: "There is no such page."}); err != nil || !strings.Contains(rec.Body.String(), tt.want) {
			t.Errorf("%s %s: %v %s", tt.query, tt.header, err, rec.Body)
		}
	}
}

// TestEveryTextIsUsed: a text that nothing shows is not translated. A key may be put
// together from its beginning and what follows a dot or a dash.
func TestEveryTextIsUsed(t *testing.T) {
	var code strings.Builder
	for _, room := range []string{"../../templates/login", "..", "../../internal/web", "../../server"} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".html") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(path)
			code.Write(raw)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	text, en := code.String(), catalogue(t).For("en")
	for _, key := range en.Keys() {
		section, _, _ := strings.Cut(key, ".")
		used := section == "language" || section == "approval" /* of mails too */ || strings.Contains(text, `"`+key+`"`) || strings.Contains(text, `"`+en.Text(key)+`"`)
		for cut, c := range key {
			used = used || (c == '.' || c == '-') && (strings.Contains(text, `"`+key[:cut+1]+`"`) || strings.Contains(text, `"`+key[:cut+1]+`%`))
		}
		if !used {
			t.Errorf("%s: %q is not used", key, en.Text(key))
		}
	}
}
