package look_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool/look"
)

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" `

func TestImages(t *testing.T) {
	for name, tt := range map[string]struct {
		kind, body string
		ok         bool
	}{
		"PNG":               {"png", "\x89PNG\r\n\x1a\nrest", true},
		"JPEG":              {"jpeg", "\xff\xd8\xff\xe0", true},
		"WEBP":              {"webp", "RIFF1234WEBPVP8 ", true},
		"ICO":               {"ico", "\x00\x00\x01\x00\x01", true},
		"another type":      {"png", "\xff\xd8\xff\xe0", false},
		"HTML":              {"png", "<script>alert(1)</script>", false},
		"nothing":           {"png", "", false},
		"drawing":           {"svg", `<?xml version="1.0"?><!-- c -->` + svg + `><style>.a{fill:#fff}</style><path class="a" d="M0 0" fill="url(#g)"/></svg>`, true},
		"editor's metadata": {"svg", svg + `xmlns:r="urn:rdf"><metadata><r:RDF><r:Work about="x"/></r:RDF></metadata><g/></svg>`, true},
		"embedded raster":   {"svg", svg + `><image href="data:image/png;base64,AAAA"/></svg>`, true},
		"reference":         {"svg", svg + `><use href="#a"/></svg>`, true},

		"script":             {"svg", svg + `><script>alert(1)</script></svg>`, false},
		"script in metadata": {"svg", svg + `><metadata><script>alert(1)</script></metadata></svg>`, false},
		"prefixed script":    {"svg", `<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:script/></s:svg>`, false},
		"HTML inside":        {"svg", svg + `><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject></svg>`, false},
		"handler":            {"svg", svg + `ONLOAD="alert(1)"/>`, false},
		"link":               {"svg", svg + `><a href="javascript:alert(1)"><g/></a></svg>`, false},
		"outside image":      {"svg", svg + `><image href="https://evil.test/x.png"/></svg>`, false},
		"xlink":              {"svg", svg + `xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="https://evil.test/#a"/></svg>`, false},
		"SVG in SVG":         {"svg", svg + `><image href="data:image/svg+xml;base64,AAAA"/></svg>`, false},
		"animation":          {"svg", svg + `><animate attributeName="href" values="javascript:alert(1)"/></svg>`, false},
		"style that loads":   {"svg", svg + `><style>g{fill:url(//evil.test)}</style></svg>`, false},
		"escaped style":      {"svg", svg + `><style>g{fill:u\72l(//evil.test)}</style></svg>`, false},
		"entity":             {"svg", `<!DOCTYPE svg [<!ENTITY x "y">]>` + svg + `/>`, false},
		"style sheet":        {"svg", `<?xml-stylesheet href="//evil.test"?>` + svg + `/>`, false},
		"cut off":            {"svg", svg + `><g>`, false},
		"no SVG":             {"svg", `<html/>`, false},
		"deep":               {"svg", svg + `>` + strings.Repeat("<g>", 100) + strings.Repeat("</g>", 100) + `</svg>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := look.CheckImage(tt.kind, []byte(tt.body))
			var p look.Problem
			if tt.ok != (err == nil) || err != nil && !errors.As(err, &p) {
				t.Errorf("%v", err)
			}
			if tt.ok && look.TypeOf([]byte(tt.body)) != tt.kind {
				t.Errorf("type %q", look.TypeOf([]byte(tt.body)))
			}
		})
	}
}
