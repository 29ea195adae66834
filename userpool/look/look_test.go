package look_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool/look"
)

func parse(t testing.TB, settings string) *look.Theme {
	t.Helper()
	theme, err := look.ParseSettings([]byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	return theme
}

func TestSettings(t *testing.T) {
	theme := parse(t, `{"categories":{"global":{"colorSchemeMode":"LIGHT"},"form":{"location":{"horizontal":"START"}}},
		"components":{"primaryButton":{"lightMode":{"defaults":{"backgroundColor":"7a1fa2ff"}}},"form":{"borderRadius":4,"logo":{"enabled":false}},
		"unknown":{"x":[1,{"y":"z"}]}}}`)
	css := theme.Stylesheet(look.Images{})
	for _, want := range []string{"color-scheme:light;", "--accent:#7a1fa2;", "--link:#7a1fa2;", "--on-accent:#ffffff;", "--radius-card:4px;", "align-items:flex-start"} {
		if !strings.Contains(css, want) {
			t.Errorf("%s is not in %s", want, css)
		}
	}
	if theme.Logo {
		t.Error("the logo is shown")
	}
	if dark := parse(t, `{"categories":{"global":{"colorSchemeMode":"DARK"}}}`).Stylesheet(look.Images{}); strings.Count(dark, "--ground:#0d1413") != 2 {
		t.Errorf("dark whatever the device says: %s", dark)
	}
}

func TestBackgroundImages(t *testing.T) {
	both := look.Images{Background: "/a.png", BackgroundDark: "/b.png"}
	if css := parse(t, `{}`).Stylesheet(both); !strings.Contains(css, `url("/a.png")`) || !strings.Contains(css, `url("/b.png")`) {
		t.Error(css)
	}
	if css := parse(t, `{"categories":{"global":{"colorSchemeMode":"DARK"}}}`).Stylesheet(both); strings.Contains(css, "/a.png") {
		t.Error(css)
	}
	if css := parse(t, `{"components":{"pageBackground":{"image":{"enabled":false}}}}`).Stylesheet(both); strings.Contains(css, "url(") {
		t.Error(css)
	}
}

func TestSettingsRefused(t *testing.T) {
	for settings, want := range map[string]string{
		`[]`:   "JSON object",
		`null`: "JSON object",
		`{"components":{"form":{"borderRadius":-1}}}`:                       "Settings.components.form.borderRadius",
		`{"components":{"form":{"borderRadius":"4px;}body{display:none"}}}`: "borderRadius",
		`{"components":{"pageBackground":{"lightMode":{"color":"red;}"}}}}`: "pageBackground.lightMode.color",
		`{"components":{"pageBackground":{"lightMode":{"color":"fff"}}}}`:   "RRGGBBAA",
		`{"components":{"x":{"textColor":7}}}`:                              "textColor",
		`{"components":{"form":{"logo":{"enabled":"yes"}}}}`:                "enabled",
		`{"categories":{"global":{"colorSchemeMode":"SEPIA"}}}`:             "LIGHT, DARK, DYNAMIC",
		strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 20):         "too deeply",
		`{"a":"` + strings.Repeat("x", 200<<10) + `"}`:                      "at most",
	} {
		_, err := look.ParseSettings([]byte(settings))
		var p look.Problem
		if !errors.As(err, &p) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", settings, err, want)
		}
	}
}

func TestMerged(t *testing.T) {
	raw, err := look.Merged([]byte(`{"components":{"form":{"borderRadius":4},"pageText":"odd"},"mine":1}`))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Mine       int
		Components struct {
			Form struct {
				BorderRadius float64
				LightMode    struct{ BackgroundColor string }
			}
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil || doc.Mine != 1 || doc.Components.Form.BorderRadius != 4 || doc.Components.Form.LightMode.BackgroundColor != "ffffffff" {
		t.Errorf("%v %s", err, raw)
	}
	whole, err := look.Merged(nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := parse(t, string(whole)).Stylesheet(look.Images{}), parse(t, "").Stylesheet(look.Images{}); colors(a)["card"] != colors(b)["card"] || colors(a)["accent"] != colors(b)["accent"] {
		t.Errorf("merged settings look different:\n%s\n%s", a, b)
	}
}

var property = regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})`)

// colors reads the first block of a sheet.
func colors(css string) map[string]look.Color {
	first, _, _ := strings.Cut(css, "}")
	m := map[string]look.Color{}
	for _, p := range property.FindAllStringSubmatch(first, -1) {
		m[p[1]], _ = look.ParseColor(p[2])
	}
	return m
}

// readable wants WCAG AA of every text and edge.
func readable(t testing.TB, css string) {
	t.Helper()
	c := colors(css)
	for _, pair := range []struct {
		text, ground string
		enough       float64
	}{{"ink", "card", 4.5}, {"soft", "card", 4.5}, {"label", "card", 4.5}, {"hint", "card", 4.5}, {"link", "card", 4.5}, {"on-accent", "accent", 4.5},
		{"on-accent-hover", "accent-hover", 4.5}, {"field-ink", "field", 4.5}, {"field-line", "card", 3}, {"focus", "card", 3}, {"bad", "bad-ground", 4.5},
		{"ink", "good-ground", 4.5}, {"soft-on-ground", "ground", 4.5}} {
		if got := look.Contrast(c[pair.text], c[pair.ground]); got < pair.enough-0.005 {
			t.Errorf("%s on %s: %.2f in %s", pair.text, pair.ground, got, css)
		}
	}
}

func TestTextStaysReadable(t *testing.T) {
	readable(t, parse(t, "").Stylesheet(look.Images{}))
	for _, color := range []string{"ffffffff", "000000ff", "ffff00ff", "808080ff", "ff8c00ff", "00000000", "ffffff80", "777777ff", "00ff00ff"} {
		for _, mode := range []string{"LIGHT", "DARK"} {
			doc := strings.NewReplacer("C", color, "M", strings.ToLower(mode)+"Mode", "W", mode).Replace(`{"categories":{"global":{"colorSchemeMode":"W"}},
				"components":{"pageBackground":{"M":{"color":"C"}},"form":{"M":{"backgroundColor":"C"}},"pageText":{"M":{"headingColor":"C"}},
				"primaryButton":{"M":{"defaults":{"backgroundColor":"C","textColor":"C"}}},"alert":{"M":{"error":{"backgroundColor":"C","borderColor":"C"}}}},
				"componentClasses":{"link":{"M":{"defaults":{"textColor":"C"}}},"input":{"M":{"defaults":{"backgroundColor":"C","borderColor":"C"}}}}}`)
			readable(t, parse(t, strings.ReplaceAll(strings.ReplaceAll(doc, "\t", ""), "\n", "")).Stylesheet(look.Images{}))
		}
	}
}

// FuzzStylesheet: whatever goes in, what comes out is a sheet of ours: no braces,
// no addresses and no words that were sent.
func FuzzStylesheet(f *testing.F) {
	f.Add(`{"components":{"form":{"borderRadius":4,"lightMode":{"backgroundColor":"ffffffff"}}}}`)
	f.Add(".submitButton-customizable{color:#fff;background-color:#ffe;border:1px solid red}")
	f.Add(".inputField-customizable:focus{border:2px dashed #123;width:20px !important}/* x */")
	f.Fuzz(func(t *testing.T, in string) {
		for _, read := range []func() (*look.Theme, error){
			func() (*look.Theme, error) { return look.ParseSettings([]byte(in)) }, func() (*look.Theme, error) { return look.ParseClassic(in) },
		} {
			theme, err := read()
			if err != nil {
				continue
			}
			css := theme.Stylesheet(look.Images{})
			if !safe.MatchString(css) || strings.Count(css, "{") != strings.Count(css, "}") || strings.Contains(css, "/*") {
				t.Fatalf("%q gave %s", in, css)
			}
			readable(t, css)
		}
	})
}

var safe = regexp.MustCompile(`^[-a-zA-Z0-9 .,:;#%{}()\[\]=@>/\n]*$`)
