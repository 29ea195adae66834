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

// sendCode sends a code to an address.
func (s *Service) sendCode(ctx context.Context, p *Pool, kind, attribute, to, code string) (*Delivery, error) {
	d := deliveryOf(attribute, to)
	return d, s.send(ctx, p.codeMail(kind, d.Medium, to, code))
}

// pretendCode does for a made-up address what sendCode does, but for the sending.
// It reports no failure, as clients that hide who exists learn of none.
func (s *Service) pretendCode(ctx context.Context, p *Pool, kind, attribute, to string) *Delivery {
	d := deliveryOf(attribute, to)
	if s.Pretend != nil {
		if err := s.Pretend(ctx, p.codeMail(kind, d.Medium, to, "000000")); err != nil {
			s.Log.ErrorContext(ctx, "message not pretended", "pool", p.ID, "medium", d.Medium, "kind", kind, "error", err)
		}
	}
	return d
}

// codeMail writes the message that brings a code.
func (p *Pool) codeMail(kind, medium, to, code string) Mail {
	m := p.VerificationEmail.or(defaultVerification)
	if medium == "SMS" {
		m = Message{Body: p.VerificationSMS}.or(Message{Body: defaultVerification.Body})
	}
	return Mail{Pool: p.ID, To: to, Medium: medium, Subject: m.Subject, Body: strings.ReplaceAll(m.Body, "{####}", code), Kind: kind}
}

// invite sends a temporary password by every medium that is wanted and that the
// user can be reached by. With none wanted it is SMS, or e-mail for lack of a
// phone number.
func (s *Service) invite(ctx context.Context, p *Pool, u *User, password string, mediums []string) error {
	phone, email := u.Attributes["phone_number"], u.Attributes["email"]
	if len(mediums) == 0 {
		mediums = []string{"SMS"}
		if phone == "" {
			mediums = []string{"EMAIL"}
		}
	}
	name := u.Username
	for _, a := range p.UsernameAttributes { // the user knows the address, not the sub
		if u.Attributes[a] != "" {
			name = u.Attributes[a]
			break
		}
	}
	fill := strings.NewReplacer("{####}", password, "{username}", name).Replace
	if email != "" && slices.Contains(mediums, "EMAIL") {
		m := p.InviteEmail.or(defaultInvitation)
		if err := s.send(ctx, Mail{Pool: p.ID, To: email, Medium: "EMAIL", Subject: m.Subject, Body: fill(m.Body), Kind: "invite"}); err != nil {
			return err
		}
	}
	if phone != "" && slices.Contains(mediums, "SMS") {
		m := Message{Body: p.InviteSMS}.or(Message{Body: defaultInvitation.Body})
		return s.send(ctx, Mail{Pool: p.ID, To: phone, Medium: "SMS", Body: fill(m.Body), Kind: "invite"})
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
