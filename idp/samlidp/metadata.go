package samlidp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	metadataLife  = 365 * 24 * time.Hour // apps that loaded a file once must not stop soon
	metadataCache = "PT6H"
	metadataKept  = 10 * time.Minute // how long one document is handed out, where nothing changes
)

// A metadataMemo keeps the metadata of pools, because signing it costs as much as a
// sign-in and anybody can ask for it.
type metadataMemo struct {
	mu sync.Mutex
	m  map[userpool.PoolID]memo
}

type memo struct {
	of    string // what the document was made from
	until time.Time
	doc   []byte
}

// Metadata returns the signed metadata of a pool's identity provider.
func (h *Handler) Metadata(ctx context.Context, pool userpool.PoolID) ([]byte, error) {
	settings, err := h.Apps.PoolSettings(ctx, pool)
	if err != nil {
		return nil, err
	}
	d, err := h.describe(ctx, pool, settings)
	if err != nil {
		return nil, err
	}
	of := fmt.Sprint(settings.Modified, d.EntityID, d.SOAPSSO)
	for _, c := range d.Certificates {
		of += string(c.Raw)
	}
	h.published.mu.Lock()
	defer h.published.mu.Unlock()
	if kept, ok := h.published.m[pool]; ok && kept.of == of && h.Now().Before(kept.until) {
		return kept.doc, nil
	}
	signer, err := h.signer(ctx, pool)
	if err != nil {
		return nil, err
	}
	doc, err := signer.WriteIDPMetadata(d)
	if err != nil {
		return nil, err
	}
	if h.published.m == nil || len(h.published.m) >= maxParties {
		h.published.m = map[userpool.PoolID]memo{}
	}
	h.published.m[pool] = memo{of, h.Now().Add(metadataKept), doc}
	return doc, nil
}

func (h *Handler) describe(ctx context.Context, pool userpool.PoolID, p *PoolSettings) (*samlxml.IDPDescription, error) {
	certs, err := h.certificates(ctx, pool)
	if err != nil {
		return nil, err
	}
	d := &samlxml.IDPDescription{
		ID: samlxml.NewID(), EntityID: h.EntityID(pool), SSO: h.SSOURL(pool), SLO: h.SLOURL(pool), SOAPLogout: h.SOAPLogoutURL(pool), Artifact: h.ArtifactURL(pool), Certificates: certs,
		ValidUntil: h.Now().Add(metadataLife).Truncate(time.Second), CacheFor: metadataCache,
		NameIDFormats: []string{formatURNs[Persistent], formatURNs[Transient], formatURNs[EmailAddress], formatURNs[Unspecified]},
		Scopes:        p.Scopes, Display: p.Display, Organization: p.Organization, Contacts: p.Contacts,
		ErrorURL: strings.TrimSpace(p.ErrorURL),
	}
	if p.EnhancedClients {
		d.SOAPSSO = h.ECPURL(pool)
	}
	return d, nil
}

// metadata serves Metadata.
func (h *Handler) metadata(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	doc, err := h.Metadata(r.Context(), pool.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(doc)
	return nil
}
