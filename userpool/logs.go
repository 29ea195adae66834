package userpool

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// What a pool can have logs of, and the level of each.
const (
	LogNotifications = "userNotification" // messages that were not delivered: ERROR
	LogSignIns       = "userAuthEvents"   // sign-ins: INFO
)

var logLevels = map[string]string{LogNotifications: "ERROR", LogSignIns: "INFO"}

// The services that a log is addressed to. Their names are all that is here of them.
const (
	LogToCloudWatch = "logs"
	LogToFirehose   = "firehose"
	LogToS3         = "s3"
)

// A LogConfiguration has one kind of event of a pool delivered.
type LogConfiguration struct {
	Source string // LogNotifications or LogSignIns
	Level  string
	// Service and ARN say where to: a log group, a stream or a bucket by name.
	Service, ARN string
}

// arnForms are the ARNs that each service's destinations have.
var arnForms = map[string]*regexp.Regexp{
	LogToCloudWatch: regexp.MustCompile(`^arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9_./#-]{1,512}$`),
	LogToFirehose:   regexp.MustCompile(`^arn:aws[a-z-]*:firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/[A-Za-z0-9_.-]{1,64}$`),
	LogToS3:         regexp.MustCompile(`^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]([/:][A-Za-z0-9_./=-]+)?$`),
}

var errNoLogs = invalid("This server has nowhere to deliver logs to: start it with --log-delivery-dir or --log-delivery-url.")

// SetLogs replaces the configurations of a pool's logs. A server that could deliver
// nothing refuses them.
func (s *Service) SetLogs(ctx context.Context, id PoolID, logs []LogConfiguration) (*Pool, error) {
	return s.ChangePool(ctx, id, func(p *Pool) error {
		if len(logs) > 0 && !s.Logs.delivers() {
			return errNoLogs
		}
		for i, l := range logs {
			if err := l.check(); err != nil {
				return err
			}
			if slices.ContainsFunc(logs[:i], func(o LogConfiguration) bool { return o.Source == l.Source }) {
				return invalid("There can be one configuration for the event source %s.", l.Source)
			}
		}
		p.Logs = slices.Clone(logs)
		return nil
	})
}

func (l LogConfiguration) check() error {
	switch level := logLevels[l.Source]; {
	case level == "":
		return invalid("Invalid event source: %s", l.Source)
	case l.Level != level:
		return invalid("The log level of the event source %s is %s.", l.Source, level)
	case l.Source == LogNotifications && l.Service != LogToCloudWatch:
		return invalid("The event source %s needs CloudWatchLogsConfiguration.", l.Source)
	case arnForms[l.Service] == nil || !arnForms[l.Service].MatchString(l.ARN):
		return invalid("Invalid ARN of a log destination: %s", l.ARN)
	}
	return nil
}

// Resource is the destination's own name: a log group, a stream or a bucket with
// what stands behind it.
func (l LogConfiguration) Resource() string {
	resource := strings.SplitN(l.ARN, ":", 6)[5]
	for _, kind := range []string{"log-group:", "deliverystream/"} {
		resource = strings.TrimPrefix(resource, kind)
	}
	return resource
}

// log returns the configuration for an event source, or nil.
func (p *Pool) log(source string) *LogConfiguration {
	for i := range p.Logs {
		if p.Logs[i].Source == source {
			return &p.Logs[i]
		}
	}
	return nil
}
