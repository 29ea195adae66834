package server

import (
	"context"
	"net/url"
	"os"
	"strings"

	"github.com/poolhouse/poolhouse/server/doctor"
)

// mail signs in at the mail server, and sends nothing.
func (d *Doctor) mail(ctx context.Context) []doctor.Finding {
	switch {
	case d.Config.MailDir != "":
		return []doctor.Finding{writable(d.Config.MailDir, "mails and text messages are written into")}
	case d.Config.SMTPURL == "":
		return []doctor.Finding{doctor.Warn("Give smtp-url and mail-from.", "no mail can be sent: nobody gets a code or a new password")}
	}
	s, err := d.Config.smtp()
	if err != nil {
		return []doctor.Finding{doctor.Skip("", "the settings are wrong, see configuration")}
	}
	if err := s.Probe(ctx); err != nil {
		return []doctor.Finding{doctor.Bad("Mend smtp-url or POOLHOUSE_SMTP_PASSWORD; 535 is a wrong password, a failed handshake a missing STARTTLS.", "%s: %s", s.Host, err)}
	}
	return []doctor.Finding{doctor.Good("%s takes mail from us", s.Host)}
}

// texts looks whether what sends text messages can be reached: to call it would send one.
func (d *Doctor) texts(ctx context.Context) []doctor.Finding {
	const mend = "Mend the address, or let this machine through."
	switch {
	case d.Config.SMSWebhook != "":
		return d.reach(ctx, "sms-webhook", d.Config.SMSWebhook, mend)
	case d.Config.SNSEndpoint != "":
		return d.reach(ctx, "sns-endpoint", d.Config.SNSEndpoint, mend)
	case d.Config.MailDir != "":
		return []doctor.Finding{doctor.Good("they are written into mail-dir")}
	}
	return []doctor.Finding{doctor.Skip("Give sms-webhook or sns-endpoint if pools are to send any.", "no text message can be sent")}
}

// functions looks whether what runs the functions of triggers can be reached.
func (d *Doctor) functions(ctx context.Context) (found []doctor.Finding) {
	const mend = "Start it, mend the address, or let this machine through: sign-ins of pools with such a function fail."
	if d.Config.LambdaEndpoint != "" {
		found = d.reach(ctx, "lambda-endpoint", d.Config.LambdaEndpoint, mend)
	}
	for flag, list := range map[string][]string{"lambda-function": d.Config.LambdaFunctions, "trigger-url": d.Config.TriggerURLs} {
		for _, one := range list {
			name, address, _ := strings.Cut(one, "=")
			found = append(found, d.reach(ctx, flag+" "+name, address, mend)...)
		}
	}
	if found == nil {
		found = []doctor.Finding{doctor.Skip("", "none are configured")}
	}
	return found
}

func (d *Doctor) reach(ctx context.Context, what, address, mend string) []doctor.Finding {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return []doctor.Finding{doctor.Skip("", "%s is malformed, see configuration", what)}
	}
	return []doctor.Finding{doctor.Dial(ctx, what, doctor.HostPort(u), mend)}
}

// writable looks whether files can be made in a directory, by making one and taking it
// away again.
func writable(dir, what string) doctor.Finding {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return doctor.Bad("Make the directory, and have it belong to the user of the server.", "%s %s: %s", what, dir, err)
	}
	f.Close()
	os.Remove(f.Name())
	return doctor.Good("%s %s", what, dir)
}
