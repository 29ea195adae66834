package server

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/audit/ship"
	"github.com/poolhouse/poolhouse/store/redisstore"
)

// Validate reports everything that is wrong with the configuration at once.
func (c *Config) Validate() error {
	var errs []error
	for _, check := range []func(*Config) error{(*Config).checkHome, (*Config).checkAddress, (*Config).checkTLS, (*Config).checkAudit,
		(*Config).checkPublicURL, (*Config).checkMessages, (*Config).checkTriggers, (*Config).checkStreams, (*Config).checkGateway} {
		errs = append(errs, check(c))
	}
	if _, err := c.proxies(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// wrong collects what is wrong with a part of the configuration.
type wrong []error

func (w *wrong) bad(format string, args ...any) { *w = append(*w, fmt.Errorf(format, args...)) }

// checkHome checks whose account this is and where its data stands.
func (c *Config) checkHome() error {
	var w wrong
	if !accountForm.MatchString(c.Account) {
		w.bad("account %q: want 12 digits", c.Account)
	}
	if !regionForm.MatchString(c.Region) {
		w.bad("region %q: want a form like us-east-1", c.Region)
	}
	if c.DatabaseURL != "" && c.DatabaseConns < 2 {
		w.bad("database-conns %d: at least 2, one to hold the migration lock and one to migrate", c.DatabaseConns)
	}
	if c.LiveConnections < 0 {
		w.bad("live-connections %d: want a positive number", c.LiveConnections)
	}
	if c.RedisURL != "" {
		if err := redisstore.CheckURL(c.RedisURL); err != nil {
			w.bad("redis-url: %w", err)
		}
	}
	if !slices.Contains([]string{"", "redis", syncOnPostgres}, c.SyncDurability) {
		w.bad("sync-durability %q: want redis or postgres", c.SyncDurability)
	}
	if c.SyncDurability == syncOnPostgres && (c.RedisURL == "" || c.DatabaseURL == "") {
		w.bad("sync-durability postgres needs redis-url and database-url: it copies from the one to the other")
	}
	if c.Data == "" {
		w.bad("data: a directory is needed, for the master key at the least")
	}
	if (c.RootAccessKeyID == "") != (c.RootSecretAccessKey == "") {
		w.bad("POOLHOUSE_ROOT_ACCESS_KEY_ID and POOLHOUSE_ROOT_SECRET_ACCESS_KEY go together")
	}
	if !slices.Contains([]string{"", "on", "off"}, c.RateLimits) {
		w.bad("rate-limits %q: want on or off", c.RateLimits)
	}
	return errors.Join(w...)
}

// checkAddress checks who can reach the server, and whom it believes.
func (c *Config) checkAddress() error {
	var w wrong
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		w.bad("addr %q: want HOST:PORT", c.Addr)
	}
	if c.PublicURL == "" && isUnspecified(host) {
		w.bad("addr %q names no host: give public-url, which browsers and tokens will carry", c.Addr)
	}
	if !isLoopback(host) && c.TLSCert == "" && len(c.TrustedProxies) == 0 {
		w.bad("addr %q is reachable from other machines: give tls-cert and tls-key, or trusted-proxies for a proxy that ends TLS", c.Addr)
	}
	if c.Authz != "" && len(c.TrustedProxies) == 0 {
		w.bad("authz needs trusted-proxies: nobody else may ask")
	}
	return errors.Join(w...)
}

func (c *Config) checkTLS() error {
	var w wrong
	if (c.TLSCert == "") != (c.TLSKey == "") {
		w.bad("tls-cert and tls-key go together")
	}
	if c.TLSCert == "" && len(c.TrustedProxies) == 0 && (c.ClientCA != "" || c.ClientCerts == clientCertsAny) {
		w.bad("client-ca and client-certs need tls-cert and tls-key, or trusted-proxies")
	}
	if !slices.Contains([]string{"", clientCertsCA, clientCertsAny}, c.ClientCerts) {
		w.bad("client-certs %q: want ca or any", c.ClientCerts)
	}
	return errors.Join(w...)
}

func (c *Config) checkAudit() error {
	var w wrong
	if c.AuditSyslog != "" {
		if _, err := ship.NewSyslog(c.AuditSyslog, nil); err != nil {
			w.bad("audit-syslog %w", err)
		}
	}
	if c.AuditSyslogCA != "" && !strings.HasPrefix(c.AuditSyslog, "tls://") {
		w.bad("audit-syslog-ca needs audit-syslog with tls://")
	}
	if c.AuditRetention < 0 {
		w.bad("audit-retention %d: want a number of days, or 0", c.AuditRetention)
	}
	return errors.Join(w...)
}
