package samlsp

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

const nsWarning = "saml-sp-warning"

// warnings are the days before the end at which somebody is told of it.
var warnings = []int{1, 7, 30}

// KnownUntil is when the last certificate of a provider ends, or its file of metadata if
// that is sooner. It fetches nothing.
func (s *Service) KnownUntil(ctx context.Context, p *userpool.Provider) (time.Time, error) {
	raw, err := s.document(ctx, p)
	if err != nil {
		return time.Time{}, err
	}
	m, err := readMetadata(raw, &p.Settings.SAML)
	if err != nil {
		return time.Time{}, err
	}
	last := lastOf(m.Certificates)
	if p.Details["MetadataFile"] != "" && !m.ValidUntil.IsZero() && m.ValidUntil.Before(last) {
		last = m.ValidUntil
	}
	return last, nil
}

func lastOf(certificates []*x509.Certificate) (last time.Time) {
	for _, c := range certificates {
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	return last
}

// warn logs that the file of metadata or the last of a provider's certificates ends soon:
// once for each step, whatever number of nodes see it. Certificates count beyond
// their end, but the provider will have another by then.
func (s *Service) warn(ctx context.Context, p *userpool.Provider, m *samlxml.IDPMetadata) {
	s.warnOf(ctx, p, "certificate", lastOf(m.Certificates))
	if p.Details["MetadataFile"] != "" { // what has a URL is renewed
		s.warnOf(ctx, p, "metadata", m.ValidUntil)
	}
}

func (s *Service) warnOf(ctx context.Context, p *userpool.Provider, what string, end time.Time) {
	left := end.Sub(s.Now())
	if end.IsZero() || left < 0 {
		return
	}
	for _, days := range warnings {
		if left > time.Duration(days)*24*time.Hour {
			continue
		}
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d\n%d", p.Pool, p.Name, what, end.Unix(), days))
		key := string(p.Pool) + "/" + hex.EncodeToString(sum[:])
		if _, told := s.told.LoadOrStore(key, true); told { // a sign-in is not to wait for a store each time
			return
		}
		first, err := s.Ephemeral.Claim(ctx, nsWarning, key, end.Add(24*time.Hour))
		if err == nil && first {
			s.Log.WarnContext(ctx, "a SAML provider's "+what+" ends soon", "pool", p.Pool, "provider", p.Name, "ends", end, "days", days)
		}
		return
	}
}
