package stream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
)

// A Sink is where a stream leads.
type Sink interface {
	// Put hands a record over and returns once it is taken. The id is the same at
	// each try. A record that the target never takes because of its size is
	// ErrTooLarge. Errors hold no address, which may hold a password.
	Put(ctx context.Context, r Record) error
	Close() error
}

// ErrTooLarge is a record that is larger than a target takes.
var ErrTooLarge = errors.New("stream: record is too large for the target")

// A Record is one record on its way.
type Record struct {
	ID        string
	Partition string // the identity, as in Kinesis
	Body      []byte // JSON
}

// Options are what sinks need.
type Options struct {
	Client *outbound.Client // of webhooks
	Secret []byte           // signs webhooks; of webhook.ParseSecret
	Now    func() time.Time
}

// A Target is where a stream leads, as the configuration names it.
type Target struct {
	name string
	url  *url.URL
}

// IsWebhook reports whether records are posted to the target, which needs a secret.
func (t Target) IsWebhook() bool { return t.url.Scheme == "http" || t.url.Scheme == "https" }

// Address is the target of a webhook.
func (t Target) Address() string { return t.url.String() }

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`) // as Kinesis has it

// ParseTargets reads entries like NAME=URL:
//
//	redis://user:password@host:6379/key      a Redis stream; /2/key for database 2
//	nats://user:password@host:4222/subject   a subject that a JetStream stream has
//	https://host/path                        a webhook
//
// each of the first two also with TLS, as rediss and tls. Errors do not show the
// addresses.
func ParseTargets(entries []string) (map[string]Target, error) {
	all := map[string]Target{}
	for _, e := range entries {
		name, address, ok := strings.Cut(e, "=")
		if !ok || !nameForm.MatchString(name) {
			return nil, errors.New("want NAME=URL, and a name of letters, digits, '_', '.' and '-'")
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q: want NAME=URL", name)
		}
		if err := checkTarget(u); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		all[name] = Target{name, u}
	}
	return all, nil
}

func checkTarget(u *url.URL) error {
	switch u.Scheme {
	case "redis", "rediss":
		_, _, err := redisOptions(u)
		return err
	case "nats", "tls":
		_, err := subject(u)
		return err
	case "http", "https":
		if u.User != nil {
			return errors.New("a webhook takes no user")
		}
		return nil
	}
	return fmt.Errorf("scheme %q is not redis, nats or https", u.Scheme)
}

// Open makes the sinks of targets. Servers that cannot be reached now are tried
// again when there is something for them.
func Open(targets map[string]Target, o Options) (map[string]Sink, error) {
	sinks := map[string]Sink{}
	for name, t := range targets {
		sink, err := t.open(o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("stream %q: %w", name, err), Close(sinks))
		}
		sinks[name] = sink
	}
	return sinks, nil
}

func (t Target) open(o Options) (Sink, error) {
	switch t.url.Scheme {
	case "redis", "rediss":
		return newRedis(t.url, o.Now)
	case "nats", "tls":
		return newNATS(t.url)
	}
	return &hook{url: t.url.String(), Options: o}, nil
}

// Close closes sinks.
func Close(sinks map[string]Sink) error {
	var errs []error
	for _, s := range sinks {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
