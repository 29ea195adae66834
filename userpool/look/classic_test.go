package look_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool/look"
)

func TestClassic(t *testing.T) {
	theme, err := look.ParseClassic(`
		/* the template that AWS hands out */
		.logo-customizable { max-width: 60%; max-height: 30%; }
		.banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray; }`)
	if err == nil {
		t.Fatalf("a colour word that is not known: %v", theme)
	}
	theme, err = look.ParseClassic(`
		.logo-customizable { max-width: 60%; max-height: 30%; }
		.banner-customizable { padding: 25px 0px 25px 0px; background-color: #222222; }
		.label-customizable { font-weight: 400; }
		.submitButton-customizable { font-size: 14px; font-weight: bold; margin: 20px 0px 10px 0px; height: 40px; width: 100%; color: #fff; background-color: #FFD700; }
		.submitButton-customizable:hover { color: #fff; background-color: #286090; }
		.errorMessage-customizable { padding: 5px; font-size: 14px; width: 100%; background: #F5F5F5; border: 2px solid #D64958; color: #D64958; }
		.inputField-customizable { width: 100%; height: 34px; color: #555; background-color: #fff; border: 1px solid #ccc; }
		.inputField-customizable:focus { border-color: #66afe9; outline: 0; }
		.passwordCheck-notValid-customizable { color: #DF3312; }
		.redirect-customizable, .textDescription-customizable { text-align: center; }
		.background-customizable { background-color: #fff !important; }`)
	if err != nil {
		t.Fatal(err)
	}
	css := theme.Stylesheet(look.Images{})
	readable(t, css)
	for _, want := range []string{"color-scheme:light;", "--accent:#ffd700;", "--accent-hover:#286090;", "--banner:#222222;", "--on-ground:",
		".brand img{max-width:60%;max-height:30%}", "label{font-weight:400}", "--link:#14211f;", ".after{text-align:center}", ".lead{text-align:center}",
		"main input:not([type=hidden]){width:100%;height:34px;border:1px solid var(--field-line)}"} {
		if !strings.Contains(css, want) {
			t.Errorf("%s is not in %s", want, css)
		}
	}
	if strings.Contains(css, "--on-accent:#ffffff") || strings.Contains(css, "passwordCheck") {
		t.Errorf("white on gold, or a class that nothing has: %s", css)
	}
	if plain, err := look.ParseClassic(".label-customizable{font-weight:bold}"); err != nil || !strings.Contains(plain.Stylesheet(look.Images{}), "light dark") {
		t.Errorf("a sheet without colours has both modes: %v", err)
	}
}

func TestClassicRefused(t *testing.T) {
	for css, want := range map[string]string{
		`@import "https://evil.test/x.css";`:                       "at-rules",
		`.label-customizable{background:url(https://evil.test)}`:   "url()",
		`.label-customizable{background:u\72l(https://evil.test)}`: "escapes",
		`.label-customizable{color:red}</style><script>`:           "<",
		`body{color:red}`:                                      `selector "body"`,
		`.label-customizable input{color:red}`:                 "selector",
		`.label-customizable::after{color:red}`:                "selector",
		`.label-customizable:has(a){color:red}`:                "selector",
		`.other-customizable{color:red}`:                       `class "other-customizable"`,
		`.label-customizable{position:fixed}`:                  `property "position"`,
		`.label-customizable{--accent:#fff}`:                   `property "--accent"`,
		`.label-customizable{content:"x"}`:                     `property "content"`,
		`.label-customizable{width:calc(1px + 1px)}`:           "value",
		`.label-customizable{width:-5px}`:                      "value",
		`.label-customizable{width:100000px}`:                  "value",
		`.label-customizable{width:200%}`:                      "value",
		`.label-customizable{color:var(--x)}`:                  "value",
		`.label-customizable{color:#12345}`:                    "value",
		`.label-customizable{color:}`:                          "value",
		`.label-customizable{border:1px 2px 3px solid}`:        "value",
		`.label-customizable{color:red`:                        "braces",
		`.label-customizable{.label-customizable{color:red}}`:  "braces",
		`.label-customizable`:                                  "braces",
		`{color:red}`:                                          "selector",
		strings.Repeat(".label-customizable{color:red}", 5000): "at most",
	} {
		_, err := look.ParseClassic(css)
		var p look.Problem
		if !errors.As(err, &p) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", css, err, want)
		}
	}
}
