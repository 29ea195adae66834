package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/sts/authz"
	"github.com/poolhouse/poolhouse/sts/stsapi"
)

// eventAuthorize is what the log calls a decision about a request behind a proxy.
const eventAuthorize = "AuthorizeRequest"

// decisions counts what proxies are answered, and lets a journal choose what of it
// the log gets.
type decisions struct {
	journal *authz.Journal
	count   *prometheus.CounterVec
}

func newDecisions(j *authz.Journal) *decisions {
	return &decisions{j, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "poolhouse_authz_decisions_total",
		Help: "Requests that reverse proxies asked about, by answer."}, []string{"answer"})}
}

func (d *decisions) decided(ctx context.Context, about *authz.Decision) {
	d.count.WithLabelValues(answerOf(about.Status)).Inc()
	d.journal.Decided(ctx, about)
}

// metrics are what an operator watches the decisions by; none where no proxy asks.
func (d *decisions) metrics() []prometheus.Collector {
	if d == nil {
		return nil
	}
	return []prometheus.Collector{d.count, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "poolhouse_authz_unrecorded_total",
		Help: "Refusals of requests behind a proxy that were too many for the audit log."}, func() float64 { return float64(d.journal.Unrecorded()) })}
}

func answerOf(status int) string {
	switch status {
	case http.StatusOK:
		return "allowed"
	case http.StatusUnauthorized:
		return "unauthenticated"
	case http.StatusForbidden:
		return "forbidden"
	}
	return "error"
}

// decided writes a decision about a request behind a proxy into the log.
func (a auditor) decided(ctx context.Context, d *authz.Decision) {
	e := audit.Event{Type: audit.ServiceEvent, Source: "poolhouse.amazonaws.com", Name: eventAuthorize, Region: d.Region, ReadOnly: true,
		Identity: a.decidedFor(d), SourceIP: d.ClientIP, UserAgent: d.UserAgent, ErrorText: d.Reason,
		Params: params("host", d.Host, "method", d.Method, "path", d.Path, "rule", d.Rule, "action", d.Action)}
	switch d.Status {
	case http.StatusOK:
	case http.StatusForbidden:
		e.ErrorCode = "AccessDenied"
	default:
		e.ErrorCode = statusError(d.Status)
	}
	if d.Resource != "" {
		e.Resources = []string{d.Resource}
	}
	if d.Token != nil {
		e.Extra = params("userPoolId", string(d.Token.Pool), "clientId", string(d.Token.Client), "sub", d.Token.Sub)
	}
	if d.Repeated > 0 {
		if e.Extra == nil {
			e.Extra = map[string]any{}
		}
		e.Extra["repeated"] = d.Repeated
	}
	a.log.Add(context.WithoutCancel(ctx), e)
}

func (a auditor) decidedFor(d *authz.Decision) audit.Identity {
	if d.Token != nil {
		return audit.Identity{Type: "Unknown", PrincipalID: principal(d.Token.Sub), AccountID: a.account, UserName: d.Token.Username}
	}
	if d.Signer == nil {
		return audit.IdentityOf(nil)
	}
	return audit.IdentityOf(stsapi.CallerOf(d.Signer))
}

// params are names and values, without those that are empty.
func params(pairs ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}
