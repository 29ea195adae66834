package message

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"

	"github.com/wneessen/go-mail"

	"github.com/poolhouse/poolhouse/userpool"
)

// ParseFrom reads the sender of mails: an address, or a name and <address>.
func ParseFrom(text string) (netmail.Address, error) {
	a, err := netmail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(text, unicode.IsControl) {
		return netmail.Address{}, fmt.Errorf("%q: want an address, or a form like %q", text, "Example <no-reply@example.com>")
	}
	return *a, nil
}

// compose writes a mail. Its recipient is one bare address: users choose theirs,
// and what RFC 5322 allows beyond that (names, groups, comments, line breaks)
// would let them write headers or name others.
func (s *SMTP) compose(id string, m userpool.Mail) (*mail.Msg, error) {
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Address != m.To || to.Name != "" || strings.ContainsFunc(m.To, unicode.IsControl) {
		return nil, fmt.Errorf("%w: the recipient is not an address", ErrPermanent)
	}
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&s.From)
	msg.ToMailAddress(to)
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(s.Now().UTC())
	_, domain, _ := strings.Cut(s.From.Address, "@")
	msg.SetMessageIDWithValue(id + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5: no vacation notes in reply
	if !m.HTML {
		msg.SetBodyString(mail.TypeTextPlain, m.Body)
		return msg, nil
	}
	msg.SetBodyString(mail.TypeTextPlain, PlainText(m.Body))
	msg.AddAlternativeString(mail.TypeTextHTML, m.Body)
	return msg, nil
}

// oneLine makes a header value of a text: a line break in it would start another
// header.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(clean)
}
