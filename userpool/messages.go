package userpool

import (
	"context"
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
	HTML    bool   // Body is HTML
	Kind    string // signup, forgot, reset, attribute, invite, mfa, welcome …
}

// Destination is the address or number with most of it hidden, for people who need
// to know where a message went and not whom to write to.
func (m Mail) Destination() string {
	switch m.Medium {
	case "SMS":
		return maskPhone(m.To)
	case "EMAIL":
		return maskEmail(m.To)
	}
	return m.To // names a program, not a person
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
