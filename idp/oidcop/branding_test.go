package oidcop_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>`

// TestBrandedPages: the pages of a client load its sheet, logo and icon from the
// pool's own address, under the same strict policy as ever.
func TestBrandedPages(t *testing.T) {
	h := open(t)
	v := h.visitor()
	if page := v.get(signUpPage(public)); strings.Contains(page.text, "/branding/") || strings.Contains(page.text, "agree to") {
		t.Fatalf("branding that nobody made: %s", page.text)
	}
	drawn := userpool.Image{Type: "svg", Body: []byte(drawing)}
	_, err := h.service.CreateBranding(t.Context(), &userpool.Branding{Pool: poolID, Client: public,
		Settings: []byte(`{"components":{"primaryButton":{"lightMode":{"defaults":{"backgroundColor":"7a1fa2ff"}}}}}`),
		Assets: []userpool.Asset{{Category: "FORM_LOGO", Mode: "DYNAMIC", Image: drawn}, {Category: "FAVICON_SVG", Mode: "DYNAMIC", Image: drawn},
			{Category: "PAGE_BACKGROUND", Mode: "DYNAMIC", Image: drawn}}})
	h.must(err)
	_, err = h.service.CreateTerms(t.Context(), &userpool.Terms{Pool: poolID, Client: public, Name: "terms-of-use",
		Links: map[string]string{"cognito:default": "https://x.test/en?a=1&b=2", "cognito:french": "https://x.test/fr"}})
	h.must(err)

	page := v.get(signUpPage(public))
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'self'; img-src 'self' data:") {
		t.Errorf("policy %q", policy)
	}
	if !strings.Contains(page.text, `href="https://x.test/en?a=1&amp;b=2"`) || !strings.Contains(v.get(signUpPage(public)+"&lang=fr").text, `href="https://x.test/fr"`) {
		t.Errorf("no terms: %s", page.text)
	}
	sheet := v.get(found(t, page.text, `<link rel="stylesheet" href="(/`+poolID+`/branding/[0-9a-f]{16}/`+public+`\.css)">`))
	if sheet.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(sheet.Header.Get("Cache-Control"), "immutable") || !strings.Contains(sheet.text, "--accent:#7a1fa2") {
		t.Errorf("sheet %v %s", sheet.Header, sheet.text)
	}
	for where, text := range map[string]string{`<img src="(/` + poolID + `/branding/[0-9a-f]{32}\.svg)"`: page.text,
		`<link rel="icon" href="([^"]*)" type="image/svg`: page.text, `url\("([^"]*)"\)`: sheet.text} {
		got := v.get(found(t, text, where))
		if got.text != drawing || got.Header.Get("Content-Type") != "image/svg+xml" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("image %v %q", got.Header, got.text)
		}
		if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("a drawing may run what is in it: %q", policy)
		}
	}
}

// TestAppsLogo: pages show an app's logo from our own address; nothing of them comes
// from the app.
func TestAppsLogo(t *testing.T) {
	h := open(t)
	var body bytes.Buffer
	h.must(png.Encode(&body, image.NewGray(image.Rect(0, 0, 40, 20))))
	h.client(public, func(c *userpool.Client) {
		c.OpenID.RequireConsent, c.OpenID.LogoURI = true, "https://app.example/logo.png"
		c.OpenID.Logo = &userpool.Logo{URI: c.OpenID.LogoURI, Image: userpool.Image{Hash: strings.Repeat("5", 32), Type: "png", Body: body.Bytes()}}
	})
	v := h.visitor()
	const shown = `<img class="logo" src="(/` + poolID + `/branding/5{32}\.png)" alt="`
	login := v.get(where(v.get(authorizeURL(poolID, public, nil))).String())
	for name, page := range map[string]*reply{"sign-in": login, "consent": v.asked(authorizeURL(poolID, public, nil)).page} {
		address := found(t, page.text, shown)
		if strings.Contains(page.text, "https://app.example/logo.png") || !strings.Contains(page.Header.Get("Content-Security-Policy"), "img-src 'self' data:;") {
			t.Errorf("%s loads something from the app: %s %s", name, page.Header.Get("Content-Security-Policy"), page.text)
		}
		got := v.get(address)
		if got.text != body.String() || got.Header.Get("Content-Type") != "image/png" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v %q", name, got.Header, got.text)
		}
	}
}

func TestBrandingNotFound(t *testing.T) {
	h := open(t)
	_, err := h.service.SetCustomization(t.Context(), &userpool.Customization{Pool: poolID, Client: userpool.AllClients, CSS: ".label-customizable{font-weight:bold}"}, nil)
	h.must(err)
	v := h.visitor()
	old := v.get("/" + poolID + "/branding/0000000000000000/ALL.css")
	if old.StatusCode != http.StatusOK || old.Header.Get("Cache-Control") != "no-store" || !strings.Contains(old.text, "label{font-weight:bold}") {
		t.Errorf("under an old hash: %d %v %s", old.StatusCode, old.Header, old.text)
	}
	for _, path := range []string{"/branding/0000000000000000/ALL.js", "/branding/" + strings.Repeat("0", 32) + ".png", "/branding/x", "/branding/%00.png"} {
		if got := v.get("/" + poolID + path); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	for _, path := range []string{"/" + strictID + "/branding/0000000000000000/ALL.css", "/us-east-1_Nowhere01/branding/0000000000000000/ALL.css"} {
		if got := v.get(path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

func signUpPage(client string) string {
	return strings.Replace(authorizeURL(poolID, client, nil), "/oauth2/authorize?", "/signup?", 1)
}

func found(t *testing.T, text, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %s", pattern, text)
	}
	return m[1]
}
