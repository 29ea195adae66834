package approval

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// An Inviter tells users by mail that an app waits for their answer.
type Inviter struct {
	Messages userpool.Messenger
	Words    *words.Catalogue
}

// Invite sends a user the link to the page, in their language. A user without an
// address that is known to be theirs gets no mail, and finds the request at the
// page itself.
func (i *Inviter) Invite(ctx context.Context, pool *userpool.Pool, c *userpool.Client, u *userpool.User, r *decoupled.Request, link string) error {
	if u.Attributes["email_verified"] != "true" || u.Attributes["email"] == "" {
		return nil
	}
	l := i.Words.For(u.Attributes["locale"])
	key := "approval.mail-body"
	if r.Message == "" {
		key = "approval.mail-plain"
	}
	return i.Messages.Send(ctx, userpool.Mail{Pool: pool.ID, To: u.Attributes["email"], Medium: "EMAIL", Kind: "approval",
		Subject: l.Text("approval.mail-subject", "app", line(c.Name)),
		Body:    l.Text(key, "app", line(c.Name), "message", line(r.Message), "link", link)})
}

// line keeps a text on one line, and from looking like an address to follow: nobody
// but us puts a link into our mails.
func line(text string) string {
	return strings.NewReplacer("://", ": //", "\r", " ", "\n", " ", "www.", "www ").Replace(text)
}
