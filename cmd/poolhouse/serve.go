package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/server"
)

// serveCmd runs the server.
type serveCmd struct {
	server.Config `embed:""`
	ConfigFile    string `name:"config" help:"YAML file with the same settings, by the names of the flags." type:"path" placeholder:"FILE"`
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(e *env) (err error) {
	cfg := c.Config
	secrets(e, &cfg)
	s, err := server.Open(e.ctx, cfg, logger(e, cfg), time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if key, made := s.NewRootKey(); made {
		fmt.Fprintf(e.stdout, "The account's root key, shown this once:\n  AWS_ACCESS_KEY_ID=%s\n  AWS_SECRET_ACCESS_KEY=%s\n", key.AccessKeyID, key.SecretAccessKey)
	}
	fmt.Fprintf(e.stdout, "Poolhouse serves at %s\n", s.URL())
	return s.Serve(e.ctx)
}

// secrets takes from the environment what never stands in a flag or a file.
func secrets(e *env, cfg *server.Config) {
	cfg.RootAccessKeyID = e.getenv("POOLHOUSE_ROOT_ACCESS_KEY_ID")
	cfg.RootSecretAccessKey = e.getenv("POOLHOUSE_ROOT_SECRET_ACCESS_KEY")
	cfg.SMTPPassword = e.getenv("POOLHOUSE_SMTP_PASSWORD")
	cfg.SMSWebhookSecret = e.getenv("POOLHOUSE_SMS_WEBHOOK_SECRET")
	cfg.SNSAccessKeyID = e.getenv("POOLHOUSE_SNS_ACCESS_KEY_ID")
	cfg.SNSSecretAccessKey = e.getenv("POOLHOUSE_SNS_SECRET_ACCESS_KEY")
	cfg.LambdaKey = outbound.Key{AccessKeyID: e.getenv("POOLHOUSE_LAMBDA_ACCESS_KEY_ID"),
		SecretAccessKey: e.getenv("POOLHOUSE_LAMBDA_SECRET_ACCESS_KEY"), SessionToken: e.getenv("POOLHOUSE_LAMBDA_SESSION_TOKEN")}
	cfg.TriggerSecret = e.getenv("POOLHOUSE_TRIGGER_SECRET")
	cfg.SyncStreamSecret = e.getenv("POOLHOUSE_SYNC_STREAM_SECRET")
	cfg.LogDeliverySecret = e.getenv("POOLHOUSE_LOG_DELIVERY_SECRET")
	cfg.MasterKey = e.getenv("POOLHOUSE_MASTER_KEY")
}

func logger(e *env, cfg server.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(e.stderr, options))
	}
	return slog.New(slog.NewTextHandler(e.stderr, options))
}
