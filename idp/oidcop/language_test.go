package oidcop_test

import (
	"strings"
	"testing"
)

// TestPushedLanguage: pages speak the language that was asked for in a request, also
// where the browser's address does not have it; one that a reader chose goes first.
func TestPushedLanguage(t *testing.T) {
	h := open(t)
	h.asksConsent(public)
	asked := map[string]any{"ui_locales": "fr", "prompt": "login"}
	v := h.visitor()
	if page := v.get(where(v.get(h.pushed(asked))).String()); !strings.Contains(page.text, `<html lang="fr"`) {
		t.Errorf("the sign-in page: %.200s", page.text)
	}
	if page := v.asked(h.pushed(asked)).page; !strings.Contains(page.text, `<html lang="fr"`) {
		t.Errorf("consent after a sign-in: %.200s", page.text)
	}
	for address, want := range map[string]string{
		h.pushed(map[string]any{"ui_locales": "fr"}):              "fr",
		h.pushed(map[string]any{"lang": "de"}):                    "de",
		h.pushed(map[string]any{"ui_locales": "fr"}) + "&lang=ja": "ja",
		h.pushed(nil): "en",
	} {
		if page := v.asked(address).page; !strings.Contains(page.text, `<html lang="`+want+`"`) {
			t.Errorf("consent at once, want %s: %.200s", want, page.text)
		} else if !strings.Contains(page.text, "/oauth2/authorize?client_id="+public+"&amp;lang=es&amp;request_uri=urn%3Apoolhouse%3Avisit") {
			t.Errorf("another language needs the pushed request, which is soon over: %s", page.text)
		}
	}
}

// TestFormPostLanguage: the page that posts an answer is read where scripts are off.
func TestFormPostLanguage(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	for want, address := range map[string]string{
		`lang="en" dir="ltr"`: authorizeURL(poolID, public, map[string]any{"response_mode": "form_post"}),
		`lang="fr" dir="ltr"`: authorizeURL(poolID, public, map[string]any{"response_mode": "form_post", "ui_locales": "fr"}),
		`lang="ar" dir="rtl"`: h.pushed(map[string]any{"response_mode": "form_post", "ui_locales": "ar"}),
	} {
		if res := v.get(address); !strings.Contains(res.text, `<html `+want+`>`) || strings.Contains(res.text, "{app}") {
			t.Errorf("want %s: %s", want, res.text)
		}
	}
}
