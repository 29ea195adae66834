package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/audit/ship"
)

// How often the audit log is looked after.
const (
	auditRound       = time.Minute      // leases are renewed, lost outcomes recorded
	auditLease       = 3 * auditRound   // how long a process counts as alive without that
	auditCheckpoints = 10 * time.Minute // the ends of the chains are signed
	auditTrims       = time.Hour        // entries that are too old are removed
)

// auditSecret is the name of the key of the chains' hashes.
const auditSecret = "audit"

// openAudit opens the log and has it closed, and its end signed, with the server.
func (s *Server) openAudit(ctx context.Context, st *stores, now func() time.Time) error {
	key, err := st.keys.Secret(ctx, auditSecret)
	if err != nil {
		return err
	}
	s.audit = audit.Open(audit.Config{Store: st.db.Audit(), Key: key, Signer: audit.KeySigner{Ring: st.keys},
		Account: s.cfg.Account, Region: s.cfg.Region, Now: now, Errors: s.log})
	s.closers = append(s.closers, s.closeAudit)
	if err := s.addSinks(); err != nil {
		return err
	}
	for _, sh := range s.shippers { // before there is anything to record
		if err := sh.Begin(ctx); err != nil {
			return err
		}
	}
	return nil
}

// addSinks makes what the log is sent to.
func (s *Server) addSinks() error {
	if s.cfg.AuditFile != "" {
		s.shippers = append(s.shippers, &ship.Shipper{Name: "file", Log: s.audit, Sink: &ship.File{Path: s.cfg.AuditFile}})
	}
	if s.cfg.AuditSyslog == "" {
		return nil
	}
	var ca *x509.CertPool
	if s.cfg.AuditSyslogCA != "" {
		raw, err := os.ReadFile(s.cfg.AuditSyslogCA)
		if err != nil {
			return err
		}
		if ca = x509.NewCertPool(); !ca.AppendCertsFromPEM(raw) {
			return fmt.Errorf("%s: no certificate in it", s.cfg.AuditSyslogCA)
		}
	}
	sink, err := ship.NewSyslog(s.cfg.AuditSyslog, ca)
	if err != nil {
		return err
	}
	s.shippers = append(s.shippers, &ship.Shipper{Name: "syslog", Log: s.audit, Sink: sink})
	return nil
}

func (s *Server) closeAudit() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := s.audit.Close(ctx); err != nil {
		return err
	}
	errs := []error{s.audit.Checkpoint(ctx)}
	for _, sh := range s.shippers {
		if err := sh.Pass(ctx); err != nil { // the next start, or another node, goes on from here
			s.log.Warn("audit sink did not get the last events yet", "sink", sh.Name, "err", err)
		}
		errs = append(errs, sh.Sink.Close())
	}
	return errors.Join(append(errs, s.audit.Store.Beat(ctx, s.audit.Segment(), time.Time{}))...)
}

// tendAudit looks after the log, and sends it to the sinks, until ctx ends.
func (s *Server) tendAudit(ctx context.Context) {
	var sinks sync.WaitGroup
	defer sinks.Wait()
	for _, sh := range s.shippers {
		sinks.Go(func() { sh.Run(ctx) })
	}
	tick := time.NewTicker(auditRound)
	defer tick.Stop()
	for round := 0; ; round++ {
		at := time.Duration(round) * auditRound
		s.alarm(ctx, "leasing the audit chain", s.audit.Store.Beat(ctx, s.audit.Segment(), time.Now().Add(auditLease)))
		_, err := s.audit.Recover(ctx, sweepBatch)
		s.alarm(ctx, "recording outcomes that were lost", err)
		if at%auditCheckpoints == 0 {
			s.alarm(ctx, "signing the audit log", s.audit.Checkpoint(ctx))
		}
		if at%auditTrims == 0 && s.cfg.AuditRetention > 0 {
			n, err := s.audit.Trim(ctx, s.retention())
			s.alarm(ctx, "trimming the audit log", err)
			if n > 0 {
				s.log.Info("audit log trimmed", "entries", n)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sinkPatience bounds how long an entry is kept beyond its time for a sink.
const sinkPatience = 30 * 24 * time.Hour

// retention says what is kept of the log now: for as long again as it is kept anyway,
// up to sinkPatience, a sink can be out of order and misses nothing.
func (s *Server) retention() audit.Retention {
	before := s.audit.Now().AddDate(0, 0, -s.cfg.AuditRetention)
	r := audit.Retention{Before: before, Latest: before.Add(-min(time.Duration(s.cfg.AuditRetention)*24*time.Hour, sinkPatience))}
	for _, sh := range s.shippers {
		r.Sinks = append(r.Sinks, sh.Name)
	}
	return r
}

func (s *Server) alarm(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.Error(what, "err", err)
	}
}

// auditMetrics are what an operator watches the log by.
func auditMetrics(log *audit.Log) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "poolhouse_audit_waiting_events",
			Help: "Audit events that are not stored yet."}, func() float64 { return float64(log.Waiting()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "poolhouse_audit_lost_events_total",
			Help: "Audit events that could not be stored and are in the server's log alone."}, func() float64 { return float64(log.Lost()) }),
	}
}
