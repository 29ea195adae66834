package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// checkMessages reports everything that is wrong with how messages are sent.
func (c *Config) checkMessages() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if c.MailDir != "" && (c.SMTPURL != "" || c.SMSWebhook != "" || c.SNSEndpoint != "") {
		bad("mail-dir takes every message: give it, or smtp-url and sms-webhook or sns-endpoint")
	}
	if c.SMSWebhook != "" && c.SNSEndpoint != "" {
		bad("text messages go one way: give sms-webhook or sns-endpoint")
	}
	if (c.SMTPURL == "") != (c.MailFrom == "") {
		bad("smtp-url and mail-from go together")
	}
	if c.SMTPURL != "" {
		if _, err := c.smtp(); err != nil {
			errs = append(errs, err)
		}
	}
	if c.SMSWebhook != "" && !callable(c.SMSWebhook, c.AllowPrivateFetch) {
		bad("sms-webhook: want https://HOST and a path; http needs allow-private-fetch")
	}
	if c.LogDeliveryDir != "" && c.LogDeliveryURL != "" {
		bad("logs go one way: give log-delivery-dir or log-delivery-url")
	}
	if c.LogDeliveryURL != "" && !callable(c.LogDeliveryURL, c.AllowPrivateFetch) {
		bad("log-delivery-url: want https://HOST and a path; http needs allow-private-fetch")
	}
	if c.SNSEndpoint != "" && !callable(c.SNSEndpoint, c.AllowPrivateFetch) {
		bad("sns-endpoint: want https://HOST; http needs allow-private-fetch")
	}
	if c.PushEndpoint != "" && !callable(c.PushEndpoint, c.AllowPrivateFetch) {
		bad("push-endpoint: want https://HOST; http needs allow-private-fetch")
	}
	if c.SNSEndpoint == "" && c.SNSSenderID != "" {
		bad("sns-sender-id needs sns-endpoint")
	}
	if c.SNSEndpoint == "" && c.PushEndpoint == "" && c.SNSRegion != "" {
		bad("sns-region needs sns-endpoint or push-endpoint")
	}
	return errors.Join(errs...)
}

// checkMessageSecrets reports what is wrong with the secrets of messages. It is no
// part of Validate, because the command line is judged before the secrets are
// there.
func (c *Config) checkMessageSecrets() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if s, err := message.ParseSMTP(c.SMTPURL); (err == nil && s.User != "") != (c.SMTPPassword != "") {
		bad("smtp-url with a user and POOLHOUSE_SMTP_PASSWORD go together")
	}
	if (c.SMSWebhook == "") != (c.SMSWebhookSecret == "") {
		bad("sms-webhook and POOLHOUSE_SMS_WEBHOOK_SECRET go together")
	}
	if c.SNSEndpoint+c.PushEndpoint != "" && (c.SNSAccessKeyID == "" || c.SNSSecretAccessKey == "") {
		bad("sns-endpoint and push-endpoint need POOLHOUSE_SNS_ACCESS_KEY_ID and POOLHOUSE_SNS_SECRET_ACCESS_KEY")
	}
	if (c.LogDeliveryURL == "") != (c.LogDeliverySecret == "") {
		bad("log-delivery-url and POOLHOUSE_LOG_DELIVERY_SECRET go together")
	}
	for name, secret := range map[string]string{"POOLHOUSE_SMS_WEBHOOK_SECRET": c.SMSWebhookSecret, "POOLHOUSE_LOG_DELIVERY_SECRET": c.LogDeliverySecret} {
		if secret == "" {
			continue
		}
		if _, err := webhook.ParseSecret(secret); err != nil {
			bad("%s: %w", name, err)
		}
	}
	return errors.Join(errs...)
}

// callable reports whether an address may be called: over https or, where private
// addresses are allowed, http.
func callable(address string, private bool) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" && private) && u.Host != "" && u.User == nil
}

// smtp reads the settings of the mail server.
func (c *Config) smtp() (*message.SMTP, error) {
	s, err := message.ParseSMTP(c.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("smtp-url: %w", err)
	}
	s.Password = c.SMTPPassword
	if s.From, err = message.ParseFrom(c.MailFrom); err != nil {
		return nil, fmt.Errorf("mail-from %w", err)
	}
	return s, nil
}

// transports are the ways out that the configuration names.
func (c *Config) transports(fetch *outbound.Client, now func() time.Time) (map[string]message.Transport, error) {
	ways := map[string]message.Transport{}
	if c.SMTPURL != "" {
		s, err := c.smtp()
		if err != nil {
			return nil, err
		}
		s.Now = now
		ways["EMAIL"] = s
	}
	if c.SMSWebhook != "" {
		secret, err := webhook.ParseSecret(c.SMSWebhookSecret)
		if err != nil {
			return nil, err
		}
		ways["SMS"] = &message.Webhook{URL: c.SMSWebhook, Secret: secret, Client: fetch, Now: now}
	}
	if c.SNSEndpoint != "" {
		ways["SMS"] = c.sns(c.SNSEndpoint, fetch, now)
	}
	if c.LogDeliveryURL != "" {
		secret, err := webhook.ParseSecret(c.LogDeliverySecret)
		if err != nil {
			return nil, err
		}
		ways[message.MediumLog] = &message.LogWebhook{URL: c.LogDeliveryURL, Secret: secret, Client: fetch, Now: now}
	}
	return ways, nil
}

// sns makes calls to SNS at an endpoint.
func (c *Config) sns(endpoint string, fetch *outbound.Client, now func() time.Time) *message.SNS {
	return &message.SNS{Endpoint: strings.TrimRight(endpoint, "/") + "/", Region: cmp.Or(c.SNSRegion, c.Region), AccessKeyID: c.SNSAccessKeyID,
		SecretAccessKey: c.SNSSecretAccessKey, SenderID: c.SNSSenderID, Client: fetch, Now: now}
}

// addMessages gives the pools a messenger: the demo's viewer, a directory, the
// outbox, or nowhere.
func (s *Server) addMessages(st *stores, fetch *outbound.Client, now func() time.Time) error {
	s.sweepers["outbox"] = st.db.Outbox().DeleteClosed
	ways, err := s.cfg.transports(fetch, now)
	if err != nil {
		return err
	}
	if len(ways) > 0 {
		s.outbox = message.NewOutbox(st.db.Outbox(), st.keys, ways, now, s.log)
	}
	switch {
	case s.mail != nil:
		s.Pools.Messages = s.mail
	case s.cfg.MailDir != "":
		s.Pools.Messages = message.Files{Dir: s.cfg.MailDir, Now: now}
	case ways["EMAIL"] != nil || ways["SMS"] != nil:
		s.Pools.Messages, s.Pools.Pretend, s.deliveries = s.outbox, s.outbox.Pretend, st.db.Outbox()
	default:
		s.Pools.Messages = message.Nowhere{}
	}
	s.Auth.Messages, s.Auth.Pretend = s.Pools.Messages, s.Pools.Pretend
	s.addLogs(now)
	return nil
}

// addLogs has the logs of pools delivered where the configuration says, if it does.
func (s *Server) addLogs(now func() time.Time) {
	logs := s.Pools.Logs
	switch {
	case s.cfg.LogDeliveryDir != "":
		logs.Sink = message.LogFiles{Dir: s.cfg.LogDeliveryDir, Now: now}
	case s.cfg.LogDeliveryURL != "":
		logs.Sink = message.Logs{Outbox: s.outbox}
	}
	if s.outbox != nil {
		s.outbox.GivenUp = logs.GivenUp
	}
}

var _ userpool.Messenger = (*message.Outbox)(nil)

// deliver runs the outboxes until finish is called, which waits for the messages
// under way and those that are due, until ctx ends. What is left then stays in the
// database for the next start, or another node.
func (s *Server) deliver(ctx context.Context) (finish func(ctx context.Context)) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	for _, outbox := range s.outboxes() {
		workers.Go(func() { outbox.Run(running) })
	}
	return func(ctx context.Context) {
		stop()
		drained := make(chan struct{})
		go func() { // apart, because a delivery may outlast ctx
			defer close(drained)
			workers.Wait()
			for _, outbox := range s.outboxes() {
				if err := outbox.Drain(ctx); err != nil && ctx.Err() == nil {
					s.log.Error("outbox", "err", err)
				}
			}
		}()
		select {
		case <-drained:
		case <-ctx.Done():
		}
	}
}
