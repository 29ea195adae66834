package userpool

import (
	"context"
	"html"
	"net/url"
	"regexp"
)

// linkPlace is where a text wants its link; what stands between the signs is what
// the reader clicks at.
var linkPlace = regexp.MustCompile(`\{##([^{}]+)##\}`)

// byLink reports whether a message proves its address by a link.
func (n notice) byLink() bool { return n.pool.VerifyByLink && n.kind == "signup" }

// sendLink sends a code inside a link. Whoever opens it is asked once more: what
// looks at links in mails before their readers do spends no code.
func (s *Service) sendLink(ctx context.Context, n notice, to, code string) (*Delivery, error) {
	q := url.Values{"client_id": {string(n.client)}, "user_name": {n.user.Username}, "confirmation_code": {code}}
	d := deliveryOf("email", to)
	return d, s.courier().carry(ctx, letter{notice: n, text: textLink, secret: code, to: map[string]string{d.Medium: to}, link: s.Issuer(n.pool.ID) + "/confirmUser?" + q.Encode()})
}

// withLink puts a link into the text of a mail, which becomes HTML by it.
func withLink(body, link string) string {
	return linkPlace.ReplaceAllStringFunc(body, func(place string) string {
		text := linkPlace.FindStringSubmatch(place)[1]
		return `<a href="` + html.EscapeString(link) + `">` + html.EscapeString(text) + `</a>`
	})
}
