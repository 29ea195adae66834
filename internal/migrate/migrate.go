// Package migrate copies a user pool, or the datasets of identities, from Cognito, or
// anything that speaks its API, to a server of ours: by the public operations of both, so that it runs beside the
// two while users go on signing in.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// An End is one of the two servers.
type End struct {
	Client *awsclient.Client
	Key    awsclient.Key
}

// A Migration copies one pool, which keeps its ID. Use it by pointer, once.
type Migration struct {
	From, To   End
	Pool       string
	FromClient string // the app client that old passwords are asked through; may be empty
	State      string // file that tells a later run where this one ended
	DryRun     bool   // reads everything, and writes nothing at all
	Out        io.Writer
	Progress   io.Writer
	Wait       time.Duration // before a throttled call is made again; doubles each time

	at state
}

type obj = map[string]any

const (
	cognito  = "AWSCognitoIdentityProviderService."
	ours     = "Poolhouse."
	pageSize = 60
	tries    = 5
)

// Run copies what an earlier run has not, and reports.
func (m *Migration) Run(ctx context.Context) error {
	if err := m.load(); err != nil {
		return err
	}
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"pool", m.copyPool}, {"resource servers", m.copyResourceServers}, {"app clients", m.copyClients},
		{"users", m.copyUsers}, {"groups", m.copyGroups},
	}
	for _, s := range steps {
		if m.at.Done[s.name] {
			continue
		}
		if err := s.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		m.at.Done[s.name] = true
		if err := m.save(); err != nil {
			return err
		}
	}
	m.report()
	return nil
}

// read calls the source, again where that throttles.
func (m *Migration) read(ctx context.Context, op string, in, out any) error {
	wait := m.Wait
	for n := 1; ; n++ {
		err := m.From.Client.JSON(ctx, cognito+op, in, out, &m.From.Key)
		if n == tries || !isCode(err, "TooManyRequestsException") {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// write calls the target, but in a dry run.
func (m *Migration) write(ctx context.Context, op string, in, out any) error {
	if m.DryRun {
		return nil
	}
	if out == nil {
		out = new(obj)
	}
	return m.To.Client.JSON(ctx, op, in, out, &m.To.Key)
}

// add makes something that an earlier run may have made. Where the target will not
// have it as it is, the report says so and the copy goes on.
func (m *Migration) add(ctx context.Context, op string, in any, exists, what string) error {
	err := m.write(ctx, op, in, nil)
	switch {
	case err == nil:
		m.at.Counts[what]++
		return nil
	case isCode(err, exists):
		return nil
	}
	return m.note(what, err)
}

// note keeps a refusal for the report. Any other failure ends the run.
func (m *Migration) note(what string, err error) error {
	text, err := refusal(what, err)
	if text != "" {
		m.at.Notes = append(m.at.Notes, text)
	}
	return err
}

// refusal returns the line of the report about a refusal that leaves the rest alone,
// or the error that ends a run.
func refusal(what string, err error) (string, error) {
	var e *awsclient.APIError
	if err == nil || !errors.As(err, &e) || e.Status >= 500 || e.Code == "AccessDeniedException" {
		return "", err
	}
	return fmt.Sprintf("%s: %s: %s", what, e.Code, e.Message), nil
}

func isCode(err error, code string) bool {
	var e *awsclient.APIError
	return errors.As(err, &e) && e.Code == code
}
