package userpool

import (
	"context"
	"html"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// A notice says for whom a message is, and why it is sent.
type notice struct {
	pool   *Pool
	client ClientID // empty where an administrator asked for it
	user   *User
	kind   string // of the mail
	why    string // as the source of CustomMessage calls it, SignUp, ResendCode …; empty for what no function hears of
}

// A letter is a message to be written.
type letter struct {
	notice
	text   TextKind
	secret string            // code or temporary password
	to     map[string]string // addresses by medium
	link   string            // that takes the code, for a mail; empty for none
	facts  map[string]string // for a custom sender, in place of the user's attributes and of a code
}

// A courier writes letters and hands them over.
type courier struct {
	triggers *Triggers
	messages Messenger
	logs     *Logbook
	log      *slog.Logger
}

func (s *Service) courier() courier { return courier{s.Triggers, s.Messages, s.Logs, s.Log} }

// carry sends a letter by all of its mediums: by the pool's own sender of a medium,
// where it has one, else as a mail of the pool's text, or that of its function.
func (c courier) carry(ctx context.Context, l letter) error {
	left := maps.Clone(l.to)
	for _, medium := range slices.Sorted(maps.Keys(l.to)) {
		sent, err := c.sendCustom(ctx, l, medium)
		if err != nil {
			return err
		}
		if sent {
			delete(left, medium)
		}
	}
	if len(left) == 0 {
		return nil
	}
	mediums := slices.Sorted(maps.Keys(left))
	var custom customText
	if l.why != "" {
		var err error
		if custom, err = c.triggers.customMessage(ctx, l.notice, mediums...); err != nil {
			return err
		}
	}
	for _, medium := range mediums {
		m := custom.over(l.pool.textFor(ctx, l.text, medium, l.user), medium)
		if err := c.deliver(ctx, l.pool, l.mail(m, medium)); err != nil {
			return err
		}
	}
	return nil
}

// mail fills a text in. What a user may have chosen, a name, must not become
// markup of a mail that is HTML.
func (l letter) mail(m Message, medium string) Mail {
	mail := Mail{Pool: l.pool.ID, To: l.to[medium], Medium: medium, Kind: l.kind, HTML: medium == "EMAIL" && isHTML(m.Body)}
	values := []string{placeCode, l.secret, placeName, l.pool.calls(l.user)}
	if l.link != "" && medium == "EMAIL" {
		mail.HTML, m.Body = true, withLink(m.Body, l.link)
	}
	mail.Body = fill(m.Body, values, mail.HTML)
	if medium == "EMAIL" {
		mail.Subject = fill(m.Subject, values, false)
	}
	return mail
}

func fill(text string, values []string, escape bool) string {
	if escape {
		values = slices.Clone(values)
		for i := 1; i < len(values); i += 2 {
			values[i] = html.EscapeString(values[i])
		}
	}
	return strings.NewReplacer(values...).Replace(text)
}

// deliver hands a message over. Why it could not be delivered stays in the log.
func (c courier) deliver(ctx context.Context, p *Pool, m Mail) error {
	if err := c.messages.Send(ctx, m); err != nil {
		c.log.ErrorContext(ctx, "message not delivered", "pool", m.Pool, "medium", m.Medium, "kind", m.Kind, "error", err)
		c.logs.undelivered(ctx, p, m.Medium, m.Kind, m.Destination(), err.Error())
		return errDelivery
	}
	return nil
}

var errDelivery = Fail(ErrCodeDelivery, "Failed to deliver the message.")

// sendCode sends a code to an address.
func (c courier) sendCode(ctx context.Context, n notice, text TextKind, attribute, to, code string) (*Delivery, error) {
	d := deliveryOf(attribute, to)
	return d, c.carry(ctx, letter{notice: n, text: text, secret: code, to: map[string]string{d.Medium: to}})
}

func (s *Service) sendCode(ctx context.Context, n notice, attribute, to, code string) (*Delivery, error) {
	return s.courier().sendCode(ctx, n, TextVerification, attribute, to, code)
}

// pretendCode does for a made-up address what sendCode does, but for the sending.
// It reports no failure, as clients that hide who exists learn of none.
func (s *Service) pretendCode(ctx context.Context, p *Pool, kind, attribute, to string) *Delivery {
	d, nobody := deliveryOf(attribute, to), &User{Pool: p.ID}
	if s.Pretend != nil {
		l := letter{notice: notice{pool: p, user: nobody, kind: kind}, text: TextVerification, secret: "000000", to: map[string]string{d.Medium: to}}
		if err := s.Pretend(ctx, l.mail(p.textFor(ctx, l.text, d.Medium, nobody), d.Medium)); err != nil {
			s.Log.ErrorContext(ctx, "message not pretended", "pool", p.ID, "medium", d.Medium, "kind", kind, "error", err)
		}
	}
	return d
}

// invite sends a temporary password by every medium that is wanted and that the
// user can be reached by. With none wanted it is SMS, or e-mail for lack of a
// phone number.
func (s *Service) invite(ctx context.Context, p *Pool, u *User, password string, mediums []string) error {
	n := notice{p, "", u, "invite", "AdminCreateUser"}
	return s.courier().carry(ctx, letter{notice: n, text: TextInvitation, secret: password, to: u.reached(mediums)})
}

// reached returns a user's addresses by the mediums that are wanted or, with none
// wanted, by the usual one.
func (u *User) reached(wanted []string) map[string]string {
	switch {
	case len(wanted) > 0:
	case u.Attributes["phone_number"] == "":
		wanted = []string{"EMAIL"}
	default:
		wanted = []string{"SMS"}
	}
	to := map[string]string{}
	for medium, attribute := range map[string]string{"EMAIL": "email", "SMS": "phone_number"} {
		if u.Attributes[attribute] != "" && slices.Contains(wanted, medium) {
			to[medium] = u.Attributes[attribute]
		}
	}
	return to
}

// calls returns what a user is called: where addresses are usernames the user knows
// the address, not the sub.
func (p *Pool) calls(u *User) string {
	for _, a := range p.UsernameAttributes {
		if u.Attributes[a] != "" {
			return u.Attributes[a]
		}
	}
	return u.Username
}
