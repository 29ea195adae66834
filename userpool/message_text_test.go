package userpool_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// verification is a text for codes by mail.
func verification(locale, subject, body string) userpool.LocalText {
	return userpool.LocalText{Kind: userpool.TextVerification, Medium: "EMAIL", Locale: locale, Message: userpool.Message{Subject: subject, Body: body}}
}

// A message is in the language of its reader, as far as the pool has it.
func TestMessagesByLanguage(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.VerificationEmail = userpool.Message{Subject: "Own", Body: "Own {####}"} })
	c := e.newClient(p, nil)
	for _, text := range []userpool.LocalText{
		verification("de", "Ihr Code", "Ihr Code ist {####}."), verification("pt-BR", "", "Seu código é {####}."),
		verification("de", "Code", "Der Code lautet {####}."), // instead of the first
	} {
		_, err := e.PutMessageText(t.Context(), p.ID, text)
		e.ok(err)
	}
	for i, tt := range []struct{ locale, page, subject, begins string }{
		{"", "", "Own", "Own "}, {"de", "", "Code", "Der Code"}, {"de_CH", "", "Code", "Der Code"}, {"DE-AT-1996", "", "Code", "Der Code"},
		{"pt-BR", "", "Own", "Seu"}, {"pt", "", "Own", "Own "}, {"fr", "", "Own", "Own "}, {"", "de-CH", "Code", "Der Code"}, {"pt-BR", "de", "Own", "Seu"},
		{"-", "", "Own", "Own "}, {"fr", "de", "Code", "Der Code"},
	} {
		name := "user" + string(rune('a'+i))
		attributes := map[string]string{"email": name + "@example.com"}
		if tt.locale != "" {
			attributes["locale"] = tt.locale
		}
		ctx := t.Context()
		if tt.page != "" {
			ctx = userpool.WithLanguages(ctx, tt.page)
		}
		_, _, err := e.Service.SignUp(ctx, c, userpool.SignUp{Username: name, Password: password, Attributes: attributes})
		e.ok(err)
		if m := e.last(name + "@example.com"); m.Subject != tt.subject || !strings.HasPrefix(m.Body, tt.begins) || !sixDigits.MatchString(m.Body) {
			t.Errorf("locale %q at a page in %q: %q, %q", tt.locale, tt.page, m.Subject, m.Body)
		}
	}
	e.ok(e.DeleteMessageText(t.Context(), p.ID, verification("DE", "", "")))
	e.refused(e.DeleteMessageText(t.Context(), p.ID, verification("de", "", "")), userpool.ErrNotFound, "no such text")
}

func TestMessageTextRefused(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	sms := func(subject, body string) userpool.LocalText {
		return userpool.LocalText{Kind: userpool.TextInvitation, Medium: "SMS", Locale: "de", Message: userpool.Message{Subject: subject, Body: body}}
	}
	for want, text := range map[string]userpool.LocalText{
		"not a language tag":         verification("no language", "", "{####}"),
		"not a language tag: und":    verification("und", "", "{####}"),
		"no {####}":                  verification("de", "", "Code"),
		"no {username}":              sms("", "{####}"),
		"no subject":                 sms("Code", "{username} {####}"),
		"longer than 140 characters": sms("", "{username} {####}"+strings.Repeat("ä", 140)),
		"longer than 20000":          verification("de", "", "{####}"+strings.Repeat("x", 20000)),
		"or its subject than 140":    verification("de", strings.Repeat("x", 141), "{####}"),
	} {
		_, err := e.PutMessageText(t.Context(), p.ID, text)
		e.refused(err, userpool.ErrInvalidParameter, want)
	}
	_, err := e.PutMessageText(t.Context(), "us-east-1_None", verification("de", "", "{####}"))
	e.refused(err, userpool.ErrPoolNotFound, "")
}

// What a user chose is text in a mail that is HTML, too.
func TestHTMLMails(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) {
		p.InviteEmail = userpool.Message{Subject: "For {username}", Body: "<p>Hello {username}, your password is {####}</p>"}
	})
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "<b>eve</b>", Attributes: map[string]string{"email": "eve@example.com"},
		TemporaryPassword: "A<i>1&password", Mediums: []string{"EMAIL"}})
	e.ok(err)
	m := e.last("eve@example.com")
	if !m.HTML || m.Subject != "For <b>eve</b>" || m.Body != "<p>Hello &lt;b&gt;eve&lt;/b&gt;, your password is A&lt;i&gt;1&amp;password</p>" {
		t.Errorf("%+v", m)
	}
	plain := e.newPool(func(p *userpool.Pool) { p.VerificationEmail.Body = "1 < 2 and {####} > 0" })
	if e.signUp(e.newClient(plain, nil), "bob"); e.last("bob@example.com").HTML {
		t.Error("a text without markup is HTML")
	}
}
