package userpool

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// A Messenger delivers mail and text messages.
type Messenger interface {
	// Send delivers m or returns an error that is logged, never shown.
	Send(ctx context.Context, m Mail) error
}

// A Mail is a message to a user.
type Mail struct {
	Pool    PoolID
	To      string // address or phone number
	Medium  string // EMAIL or SMS
	Subject string // empty for SMS
	Body    string
	Kind    string // signup, forgot, reset, attribute, invite or mfa
}

// Destination is the address or number with most of it hidden, for people who need
// to know where a message went and not whom to write to.
func (m Mail) Destination() string {
	if m.Medium == "SMS" {
		return maskPhone(m.To)
	}
	return maskEmail(m.To)
}

// A Delivery says where a code went.
type Delivery struct {
	Attribute   string // email or phone_number
	Medium      string // EMAIL or SMS
	Destination string // masked
}

func deliveryOf(attribute, value string) *Delivery {
	if attribute == "phone_number" {
		return &Delivery{attribute, "SMS", maskPhone(value)}
	}
	return &Delivery{attribute, "EMAIL", maskEmail(value)}
}

// maskEmail shows the first character of the name and of the domain.
func maskEmail(address string) string {
	name, domain, _ := strings.Cut(address, "@")
	return firstRune(name) + "***@" + firstRune(domain) + "***"
}

func firstRune(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

// maskPhone shows the last four digits.
func maskPhone(number string) string {
	tail := number[max(0, len(number)-4):]
	return "+*******" + strings.TrimPrefix(tail, "+")
}

// The templates of pools that have none.
var (
	defaultVerification = Message{"Your verification code", "Your verification code is {####}. "}
	defaultInvitation   = Message{"Your temporary password", "Your username is {username} and temporary password is {####}. "}
)

func (m Message) or(d Message) Message {
	if m.Subject == "" {
		m.Subject = d.Subject
	}
	if m.Body == "" {
		m.Body = d.Body
	}
	return m
}

// A notice says for whom a message is, and why it is sent.
type notice struct {
	pool   *Pool
	client ClientID // empty where an administrator asked for it
	user   *User
	kind   string // of the mail
	why    string // as the source of CustomMessage calls it: SignUp, ResendCode …
}

// sendCode sends a code to an address.
func (s *Service) sendCode(ctx context.Context, n notice, attribute, to, code string) (*Delivery, error) {
	d := deliveryOf(attribute, to)
	text, err := s.Triggers.customMessage(ctx, n, d.Medium)
	if err != nil {
		return d, err
	}
	return d, s.send(ctx, n.pool.codeMail(text, n.kind, d.Medium, to, code))
}

// pretendCode does for a made-up address what sendCode does, but for the sending.
// It reports no failure, as clients that hide who exists learn of none.
func (s *Service) pretendCode(ctx context.Context, p *Pool, kind, attribute, to string) *Delivery {
	d := deliveryOf(attribute, to)
	if s.Pretend != nil {
		if err := s.Pretend(ctx, p.codeMail(customText{}, kind, d.Medium, to, "000000")); err != nil {
			s.Log.ErrorContext(ctx, "message not pretended", "pool", p.ID, "medium", d.Medium, "kind", kind, "error", err)
		}
	}
	return d
}

// codeMail writes the message that brings a code.
func (p *Pool) codeMail(text customText, kind, medium, to, code string) Mail {
	m := p.VerificationEmail.or(defaultVerification)
	if medium == "SMS" {
		m = Message{Body: p.VerificationSMS}.or(Message{Body: defaultVerification.Body})
	}
	m = text.over(m, medium)
	return Mail{Pool: p.ID, To: to, Medium: medium, Subject: m.Subject, Body: strings.ReplaceAll(m.Body, placeCode, code), Kind: kind}
}

// invite sends a temporary password by every medium that is wanted and that the
// user can be reached by. With none wanted it is SMS, or e-mail for lack of a
// phone number.
func (s *Service) invite(ctx context.Context, p *Pool, u *User, password string, mediums []string) error {
	mediums = u.mediums(mediums)
	text, err := s.Triggers.customMessage(ctx, notice{p, "", u, "invite", "AdminCreateUser"}, mediums...)
	if err != nil {
		return err
	}
	email := text.over(p.InviteEmail.or(defaultInvitation), "EMAIL")
	sms := text.over(Message{Body: p.InviteSMS}.or(Message{Body: defaultInvitation.Body}), "SMS")
	return s.greet(ctx, p, u, email, sms, strings.NewReplacer(placeCode, password, placeName, p.calls(u)), mediums)
}

// mediums returns those that are wanted or, with none wanted, the usual one.
func (u *User) mediums(wanted []string) []string {
	switch {
	case len(wanted) > 0:
		return wanted
	case u.Attributes["phone_number"] == "":
		return []string{"EMAIL"}
	}
	return []string{"SMS"}
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

// greet sends a new user a message by every medium that there is an address for.
func (s *Service) greet(ctx context.Context, p *Pool, u *User, email, sms Message, fill *strings.Replacer, mediums []string) error {
	m := Mail{Pool: p.ID, Kind: "invite"}
	if m.To = u.Attributes["email"]; m.To != "" && slices.Contains(mediums, "EMAIL") {
		m.Medium, m.Subject, m.Body = "EMAIL", email.Subject, fill.Replace(email.Body)
		if err := s.send(ctx, m); err != nil {
			return err
		}
	}
	if m.To = u.Attributes["phone_number"]; m.To != "" && slices.Contains(mediums, "SMS") {
		m.Medium, m.Subject, m.Body = "SMS", "", fill.Replace(sms.Body)
		return s.send(ctx, m)
	}
	return nil
}

func (s *Service) send(ctx context.Context, m Mail) error {
	return deliver(ctx, s.Messages, s.Log, m)
}

// deliver hands a message over. Why it could not be delivered stays in the log.
func deliver(ctx context.Context, messages Messenger, log *slog.Logger, m Mail) error {
	if err := messages.Send(ctx, m); err != nil {
		log.ErrorContext(ctx, "message not delivered", "pool", m.Pool, "medium", m.Medium, "kind", m.Kind, "error", err)
		return Fail(ErrCodeDelivery, "Failed to deliver the message.")
	}
	return nil
}
