package samlsp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

const nsWarning = "saml-sp-warning"

// warnings are the days before the end at which somebody is told of it.
var warnings = []int{1, 7, 30}

// warn logs that the file of metadata or the last of a provider's certificates ends soon:
// once for each step, whatever number of nodes see it. Certificates count beyond
// their end, but the provider will have another by then.
func (s *Service) warn(ctx context.Context, p *userpool.Provider, m *samlxml.IDPMetadata) {
	var last time.Time
	for _, c := range m.Certificates {
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	s.warnOf(ctx, p, "certificate", last)
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
