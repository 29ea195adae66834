package userpool_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func byLink(p *userpool.Pool) {
	p.AutoVerified, p.VerifyByLink = []string{"email"}, true
}

// TestConfirmByLink: the mail of a sign-up has a link with the code in it, for this
// client and user. Codes for other ends stay codes.
func TestConfirmByLink(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(byLink)
	c := e.newClient(p, func(*userpool.Client) {})
	mail := e.last(e.signUp(c, "alice"))
	same(t, "subject", mail.Subject, "Your verification link")
	m := regexp.MustCompile(`<a href="([^"]+)">Verify Your Email</a>`).FindStringSubmatch(mail.Body)
	if m == nil || !mail.HTML {
		t.Fatalf("HTML %v: %s", mail.HTML, mail.Body)
	}
	link, err := url.Parse(html.UnescapeString(m[1]))
	e.ok(err)
	q := link.Query()
	same(t, "address", strings.HasPrefix(link.String(), issuer(p.ID)+"/confirmUser?"), true)
	same(t, "for", q.Get("client_id")+" "+q.Get("user_name"), string(c.ID)+" alice")
	e.ok(e.ConfirmSignUp(t.Context(), c, "alice", q.Get("confirmation_code"), false))
	_, err = e.ForgotPassword(t.Context(), c, "alice")
	e.ok(err)
	same(t, "password", strings.Contains(e.last("alice@example.com").Body, "Your verification code is "), true)
}

func TestTextOfLink(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) {
		byLink(p)
		p.LinkEmail = userpool.Message{Subject: "Hello", Body: "<p>{##A & B##} or {##again##}, {username}</p>"}
	})
	c := e.newClient(p, func(*userpool.Client) {})
	_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "a<b", Password: password, Attributes: map[string]string{"email": "ab@example.com"}})
	e.ok(err)
	mail := e.last("ab@example.com")
	if strings.Count(mail.Body, "<a href=") != 2 || !strings.Contains(mail.Body, ">A &amp; B</a>") || !strings.Contains(mail.Body, "a&lt;b</p>") {
		t.Error(mail.Body)
	}
	bad := userpool.NewPool("bad")
	bad.LinkEmail.Body = "{####}"
	_, err = e.CreatePool(t.Context(), bad, nil)
	e.refused(err, userpool.ErrInvalidParameter, "EmailMessageByLink")
}
