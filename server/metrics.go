package server

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests and serves /metrics to this machine and to trusted
// proxies' networks alone: numbers of sign-ins are nobody else's business.
type metrics struct {
	registry *prometheus.Registry
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "poolhouse_request_duration_seconds",
			Help:    "Time to answer a request, by kind of address and status class.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
		}, []string{"kind", "status"}),
	}
	m.registry.MustRegister(m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// mount serves /metrics where from allows it.
func (m *metrics) mount(mux *http.ServeMux, from origin) {
	h := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ip, err := netip.ParseAddr(from.address(r))
		if err != nil || !ip.IsLoopback() && !from.trusts(ip.String()) {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// observe wraps next with the count of requests.
func (m *metrics) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		kind := addressKind(r.URL.Path)
		rec := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		m.seconds.WithLabelValues(kind, strconv.Itoa(rec.status/100)+"xx").Observe(time.Since(start).Seconds())
	})
}

// addressKind names the room a path leads to, so that labels stay few.
func addressKind(path string) string {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	switch {
	case parts[0] == "" || parts[0] == "identitypools":
		return "aws"
	case parts[0] == "demo" || parts[0] == "static" || parts[0] == "identity":
		return parts[0]
	case len(parts) == 1:
		return "other"
	}
	switch parts[1] {
	case "oauth2", "saml", "saml2", ".well-known":
		return parts[1]
	}
	return "page"
}

// A statusRecorder remembers the status that was answered.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
