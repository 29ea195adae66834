package server

import (
	"errors"
	"strings"
	"testing"
)

const webhookSecret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func valid() Config {
	return Config{Addr: "127.0.0.1:8080", Data: "d", Region: "us-east-1", Account: "000000000000"}
}

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Config)
		want string // part of the error; empty for none
	}{
		{"defaults", func(*Config) {}, ""},
		{"open address without TLS", func(c *Config) { c.Addr = "0.0.0.0:8080" }, "reachable from other machines"},
		{"open address behind a proxy", func(c *Config) {
			c.Addr = "0.0.0.0:80"
			c.TrustedProxies = []string{"10.0.0.0/8"}
			c.PublicURL = "https://id.example.com"
		}, ""},
		{"no host and no public URL", func(c *Config) { c.Addr = ":443"; c.TLSCert, c.TLSKey = "a", "b" }, "public-url"},
		{"copies in PostgreSQL", func(c *Config) {
			c.SyncDurability, c.RedisURL, c.DatabaseURL, c.DatabaseConns = "postgres", "redis://h:1", "postgres://h/d", 20
		}, ""},
		{"copies in SQLite", func(c *Config) { c.SyncDurability, c.RedisURL = "postgres", "redis://h:1" }, "needs redis-url and database-url"},
		{"copies of SQLite", func(c *Config) { c.SyncDurability, c.DatabaseURL, c.DatabaseConns = "postgres", "postgres://h/d", 20 }, "needs redis-url"},
		{"copies nowhere", func(c *Config) { c.SyncDurability = "disk" }, "want redis or postgres"},
		{"Redis by HTTP", func(c *Config) { c.RedisURL = "http://h:1" }, "redis-url"},
		{"Sentinel without a master", func(c *Config) { c.RedisURL = "redis+sentinel://h:1" }, "master_name"},
		{"Cluster", func(c *Config) { c.RedisURL = "rediss+cluster://h:1?addr=i:1&addr=j:1" }, ""},
		{"one connection", func(c *Config) { c.DatabaseURL, c.DatabaseConns = "postgres://h/d", 1 }, "at least 2"},
		{"open address with TLS", func(c *Config) {
			c.Addr = ":443"
			c.TLSCert, c.TLSKey = "a", "b"
			c.PublicURL = "https://id.example.com"
		}, ""},
		{"certificate without key", func(c *Config) { c.TLSCert = "a" }, "go together"},
		{"root key without secret", func(c *Config) { c.RootAccessKeyID = "AKIA" }, "go together"},
		{"account", func(c *Config) { c.Account = "12" }, "12 digits"},
		{"region", func(c *Config) { c.Region = "mars" }, "us-east-1"},
		{"proxy", func(c *Config) { c.TrustedProxies = []string{"10.0.0.1"} }, "want a network"},
		{"public URL with a path", func(c *Config) { c.PublicURL = "https://id.example.com/x" }, "nothing behind it"},
		{"audit sinks", func(c *Config) {
			c.AuditFile, c.AuditSyslog, c.AuditSyslogCA = "a.jsonl", "tls://logs.example.com:6514", "ca.pem"
		}, ""},
		{"syslog without a port", func(c *Config) { c.AuditSyslog = "tcp://logs.example.com" }, "want udp, tcp or tls"},
		{"syslog over http", func(c *Config) { c.AuditSyslog = "http://logs.example.com:514" }, "want udp, tcp or tls"},
		{"syslog authorities in the clear", func(c *Config) { c.AuditSyslog, c.AuditSyslogCA = "tcp://logs.example.com:601", "ca.pem" }, "audit-syslog-ca"},
		{"retention", func(c *Config) { c.AuditRetention = -1 }, "audit-retention"},
		{"mail server", func(c *Config) { c.SMTPURL, c.MailFrom = "smtp://mail.example.com", "Pool <a@example.com>" }, ""},
		{"mail server with a user", func(c *Config) {
			c.SMTPURL, c.MailFrom, c.SMTPPassword = "smtps://bob@mail.example.com", "a@example.com", "x"
		}, ""},
		{"mail server without a sender", func(c *Config) { c.SMTPURL = "smtp://mail.example.com" }, "mail-from go together"},
		{"user without a password", func(c *Config) { c.SMTPURL, c.MailFrom = "smtp://bob@mail.example.com", "a@example.com" }, "POOLHOUSE_SMTP_PASSWORD go together"},
		{"password without a user", func(c *Config) {
			c.SMTPURL, c.MailFrom, c.SMTPPassword = "smtp://mail.example.com", "a@example.com", "x"
		}, "go together"},
		{"password in the URL", func(c *Config) { c.SMTPURL, c.MailFrom = "smtp://bob:x@mail.example.com", "a@example.com" }, "must not stand in it"},
		{"sender", func(c *Config) { c.SMTPURL, c.MailFrom = "smtp://mail.example.com", "nobody" }, "mail-from"},
		{"text messages", func(c *Config) { c.SMSWebhook, c.SMSWebhookSecret = "https://sms.example.com/x", webhookSecret }, ""},
		{"text messages unsigned", func(c *Config) { c.SMSWebhook = "https://sms.example.com/x" }, "POOLHOUSE_SMS_WEBHOOK_SECRET go together"},
		{"text messages in the clear", func(c *Config) { c.SMSWebhook, c.SMSWebhookSecret = "http://sms.example.com/x", webhookSecret }, "want https"},
		{"text messages by SNS", func(c *Config) {
			c.SNSEndpoint, c.SNSAccessKeyID, c.SNSSecretAccessKey = "https://sns.eu-west-1.amazonaws.com", "AKID", "secret"
		}, ""},
		{"SNS without a key", func(c *Config) { c.SNSEndpoint = "https://sns.eu-west-1.amazonaws.com" }, "POOLHOUSE_SNS_ACCESS_KEY_ID"},
		{"SNS in the clear", func(c *Config) { c.SNSEndpoint = "http://sns.example.com" }, "want https"},
		{"SNS sender without SNS", func(c *Config) { c.SNSSenderID = "Pool" }, "sns-sender-id needs sns-endpoint"},
		{"two ways for text messages", func(c *Config) {
			c.SNSEndpoint, c.SMSWebhook = "https://sns.eu-west-1.amazonaws.com", "https://sms.example.com/x"
		}, "one way"},
		{"text messages with a weak secret", func(c *Config) { c.SMSWebhook, c.SMSWebhookSecret = "https://sms.example.com/x", "whsec_AAAA" }, "24 to 64 bytes"},
		{"logs to files", func(c *Config) { c.LogDeliveryDir = "d" }, ""},
		{"logs to a program", func(c *Config) { c.LogDeliveryURL, c.LogDeliverySecret = "https://logs.example.com/x", webhookSecret }, ""},
		{"logs unsigned", func(c *Config) { c.LogDeliveryURL = "https://logs.example.com/x" }, "POOLHOUSE_LOG_DELIVERY_SECRET go together"},
		{"logs with a weak secret", func(c *Config) { c.LogDeliveryURL, c.LogDeliverySecret = "https://logs.example.com/x", "whsec_AAAA" }, "24 to 64 bytes"},
		{"logs in the clear", func(c *Config) { c.LogDeliveryURL = "http://logs.example.com/x" }, "want https"},
		{"two ways for logs", func(c *Config) { c.LogDeliveryDir, c.LogDeliveryURL = "d", "https://logs.example.com/x" }, "logs go one way"},
		{"mail server and directory", func(c *Config) { c.MailDir, c.SMTPURL, c.MailFrom = "d", "smtp://mail.example.com", "a@example.com" }, "mail-dir takes every message"},
		{"functions of Lambda", func(c *Config) { c.LambdaEndpoint = "https://lambda.eu-west-1.amazonaws.com" }, ""},
		{"functions in the clear", func(c *Config) { c.LambdaEndpoint = "http://127.0.0.1:3001" }, "allow-private-triggers"},
		{"functions on this machine", func(c *Config) { c.LambdaEndpoint, c.AllowPrivateTriggers = "http://127.0.0.1:3001", true }, ""},
		{"half a key of Lambda", func(c *Config) { c.LambdaKey.AccessKeyID = "AKID" }, "POOLHOUSE_LAMBDA_SECRET_ACCESS_KEY go together"},
		{"function without an address", func(c *Config) { c.LambdaFunctions = []string{"sign-up"} }, "want NAME=URL"},
		{"stand-in", func(c *Config) {
			c.TriggerURLs, c.TriggerSecret = []string{"sign-up=https://hooks.example.com/x"}, webhookSecret
		}, ""},
		{"stand-in unsigned", func(c *Config) { c.TriggerURLs = []string{"sign-up=https://hooks.example.com/x"} }, "POOLHOUSE_TRIGGER_SECRET go together"},
		{"stand-in with a weak secret", func(c *Config) {
			c.TriggerURLs, c.TriggerSecret = []string{"sign-up=https://hooks.example.com/x"}, "whsec_AAAA"
		}, "24 to 64 bytes"},
		{"streams", func(c *Config) {
			c.SyncStreams, c.SyncStreamSecret = []string{"a=redis://h/key", "b=nats://h/subject", "c=https://hooks.example.com/x"}, webhookSecret
		}, ""},
		{"stream without an address", func(c *Config) { c.SyncStreams = []string{"a"} }, "want NAME=URL"},
		{"stream to a webhook unsigned", func(c *Config) { c.SyncStreams = []string{"c=https://hooks.example.com/x"} }, "POOLHOUSE_SYNC_STREAM_SECRET go together"},
		{"stream with a weak secret", func(c *Config) {
			c.SyncStreams, c.SyncStreamSecret = []string{"c=https://hooks.example.com/x"}, "whsec_AAAA"
		}, "24 to 64 bytes"},
		{"stream in the clear", func(c *Config) {
			c.SyncStreams, c.SyncStreamSecret = []string{"c=http://hooks.example.com/x"}, webhookSecret
		}, "want https"},
		{"public URL without a scheme", func(c *Config) { c.PublicURL = "id.example.com" }, "nothing behind it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := valid()
			tt.edit(&c)
			err := errors.Join(c.Validate(), c.checkMessageSecrets(), c.checkTriggerSecrets(), c.checkStreamSecrets())
			if tt.want == "" && err != nil {
				t.Fatal(err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestConfigValidateReportsAllAtOnce(t *testing.T) {
	c := valid()
	c.Account, c.Region = "x", "y"
	err := c.Validate()
	if err == nil || !strings.Contains(err.Error(), "account") || !strings.Contains(err.Error(), "region") {
		t.Fatalf("error %v, want both faults", err)
	}
}
