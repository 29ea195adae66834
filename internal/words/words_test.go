package words_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/poolhouse/poolhouse/internal/words"
)

const (
	english = `{"language":{"name":"English","direction":"ltr"},"page":{"hello":"Hello {name}, {name}!","bye":"Good bye."}}`
	arabic  = `{"language":{"name":"العربية","direction":"rtl"},"page":{"hello":"مرحبًا {name}","bye":"مع السلامة."}}`
	german  = `{"language":{"name":"Deutsch","direction":"ltr"},"page":{"hello":"Hallo {name}","bye":"Tschüss."}}`
)

func parse(t *testing.T, files map[string]string) (*words.Catalogue, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys["texts/"+name+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	return words.Parse(fsys, "texts", "en")
}

func TestLanguageThatIsWanted(t *testing.T) {
	c, err := parse(t, map[string]string{"de": german, "en": english, "ar": arabic})
	if err != nil {
		t.Fatal(err)
	}
	for wanted, want := range map[string]string{"": "en", "de": "de", "de-CH": "de", "de_AT": "de", "fr,de": "de", "ar-EG": "ar", "xx": "en",
		"fr": "en", "en-GB,de": "en", "not a tag,de": "de", strings.Repeat("x", 100) + ",ar": "ar", strings.Repeat("fr,", 30) + "de": "en"} {
		if got := c.For(strings.Split(wanted, ",")...); got.Tag != want {
			t.Errorf("%.40q: %s, want %s", wanted, got.Tag, want)
		}
	}
	if list := c.Languages(); len(list) != 3 || list[0].Tag != "en" || list[1].Tag != "ar" || list[1].Dir != "rtl" {
		t.Errorf("languages %v", list)
	}
}

func TestText(t *testing.T) {
	c, err := parse(t, map[string]string{"de": german, "en": english, "ar": arabic})
	if err != nil {
		t.Fatal(err)
	}
	for want, got := range map[string]string{
		"Hello Ann, Ann!":        c.For("en").Text("page.hello", "name", "Ann"),
		"Hallo {name}":           c.For("de").Text("page.hello", "name", "{name}"),
		"مرحبًا \u2068Ann\u2069": c.For("ar").Text("page.hello", "name", "Ann"),
		"page.none":              c.For("de").Text("page.none"),
		"Tschüss.":               c.For("de").Translate("Good bye."),
		"Not there.":             c.For("de").Translate("Not there."),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestIncompleteIsRefused(t *testing.T) {
	for what, file := range map[string]string{
		"page.bye is missing":     strings.Replace(german, `,"bye":"Tschüss."`, "", 1),
		"page.hello is missing":   strings.Replace(german, `Hallo {name}`, " ", 1),
		`page.hello has ["{nom}"`: strings.Replace(german, `{name}`, "{nom}", 1),
		"page.more is a text":     strings.Replace(german, `"bye"`, `"more":"x","bye"`, 1),
		"language.direction":      strings.Replace(german, `ltr`, "up", 1),
		"invalid character":       "nonsense",
	} {
		if _, err := parse(t, map[string]string{"en": english, "de": file}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %s", err, what)
		}
	}
	if _, err := parse(t, map[string]string{"de": german}); err == nil {
		t.Error("no first language")
	}
}
