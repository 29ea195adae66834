package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/webhook"
	"github.com/poolhouse/poolhouse/sync/events"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/trigger"
)

// checkTriggers reports everything that is wrong with how functions are run.
func (c *Config) checkTriggers() error {
	var errs []error
	tables := map[string][]string{"lambda-function": c.LambdaFunctions, "trigger-url": c.TriggerURLs}
	if c.LambdaEndpoint != "" {
		tables["lambda-endpoint"] = []string{"all=" + c.LambdaEndpoint}
	}
	for flag, entries := range tables {
		table, err := trigger.ParseTable(entries)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %w", flag, err))
		}
		for name, address := range table {
			if !callable(address, c.privateTriggers()) {
				errs = append(errs, fmt.Errorf("%s %q: http needs allow-private-triggers", flag, name))
			}
		}
	}
	return errors.Join(errs...)
}

// checkTriggerSecrets reports what is wrong with the secrets of functions. See
// checkMessageSecrets.
func (c *Config) checkTriggerSecrets() error {
	var errs []error
	if (c.LambdaKey.AccessKeyID == "") != (c.LambdaKey.SecretAccessKey == "") {
		errs = append(errs, errors.New("POOLHOUSE_LAMBDA_ACCESS_KEY_ID and POOLHOUSE_LAMBDA_SECRET_ACCESS_KEY go together"))
	}
	if (len(c.TriggerURLs) == 0) != (c.TriggerSecret == "") {
		errs = append(errs, errors.New("trigger-url and POOLHOUSE_TRIGGER_SECRET go together"))
	}
	if c.TriggerSecret != "" {
		if _, err := webhook.ParseSecret(c.TriggerSecret); err != nil {
			errs = append(errs, fmt.Errorf("POOLHOUSE_TRIGGER_SECRET: %w", err))
		}
	}
	return errors.Join(errs...)
}

// privateTriggers reports whether functions may be at private addresses.
func (c *Config) privateTriggers() bool { return c.AllowPrivateTriggers || c.AllowPrivateFetch }

// triggers runs the functions of user pools.
func (s *Server) triggers(cfg *Config, now func() time.Time) (*userpool.Triggers, error) {
	i, err := cfg.invoker(now)
	if err != nil {
		return nil, err
	}
	return &userpool.Triggers{Invoker: i, Codes: s.senders, Region: cfg.Region, Log: s.log}, nil
}

// maxSyncAnswer is the largest answer of a function in AWS Lambda, in bytes: a
// SyncTrigger answers all of a dataset.
const maxSyncAnswer = 6 << 20

// syncTrigger runs the functions of identity pools, by the same ways. It counts its
// calls apart: neither kind of function holds the other one up.
func (s *Server) syncTrigger(cfg *Config, pools *settings.Service, now func() time.Time) (*events.Trigger, error) {
	i, err := cfg.invoker(now)
	if err != nil {
		return nil, err
	}
	i.Answer = maxSyncAnswer
	return &events.Trigger{Settings: pools, Invoker: i, Region: cfg.Region, Log: s.log}, nil
}

// invoker runs functions in the ways that the configuration names.
func (c *Config) invoker(now func() time.Time) (*trigger.Invoker, error) {
	emulators, err := trigger.ParseTable(c.LambdaFunctions)
	if err != nil {
		return nil, err
	}
	webhooks, err := trigger.ParseTable(c.TriggerURLs)
	if err != nil {
		return nil, err
	}
	i := &trigger.Invoker{Lambda: c.LambdaEndpoint, Key: c.LambdaKey, Emulators: emulators, Webhooks: webhooks,
		Client: outbound.New(c.privateTriggers()), Now: now}
	if len(webhooks) > 0 {
		if i.Secret, err = webhook.ParseSecret(c.TriggerSecret); err != nil {
			return nil, err
		}
	}
	return i, nil
}
