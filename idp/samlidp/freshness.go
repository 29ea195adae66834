package samlidp

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlmeta"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// Freshness is how an application's metadata is kept as its URL has it. It is zero
// for metadata that was given as text.
type Freshness struct {
	Due      time.Time // when it is fetched next; zero for never
	Fetched  time.Time // when it was last found good
	ETag     string
	Failures int    // in a row
	Problem  string // of the last try; empty if that went well

	Changed    time.Time // when it last brought something else
	Difference []string  // what that was
}

// lease is how long one node has to fetch a document.
const lease = 10 * time.Minute

var (
	errRenamed = errors.New("samlidp: the metadata is another app's")
	errMoved   = errors.New("samlidp: the application was changed meanwhile")
)

// Refresh fetches the metadata of one application that is due, and reports whether
// there was one. Whatever goes wrong with it, the last good one stays.
func (s *Service) Refresh(ctx context.Context) (found bool, err error) {
	now := s.Now().UTC().Truncate(time.Microsecond)
	a, err := s.Store.ClaimDue(ctx, now, now.Add(lease))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	doc, fetchErr := s.get(ctx, a.MetadataURL, a.Fresh.ETag, &a.Settings)
	if ctx.Err() != nil {
		return true, ctx.Err()
	}
	b, err := s.Store.UpdateApplication(ctx, a.Pool, a.ID, func(b *Application) error {
		if b.MetadataURL != a.MetadataURL || !b.Modified.Equal(a.Modified) {
			return errMoved
		}
		b.refresh(doc, fetchErr, now)
		return nil
	})
	switch {
	case errors.Is(err, errMoved), errors.Is(err, ErrNotFound):
		return true, nil
	case err != nil:
		return true, err
	}
	s.logRefresh(ctx, b, fetchErr, now)
	return true, nil
}

func (s *Service) logRefresh(ctx context.Context, a *Application, fetchErr error, now time.Time) {
	switch f := a.Fresh; {
	case f.Failures > 0:
		s.Log.WarnContext(ctx, "metadata not refreshed", "pool", a.Pool, "app", a.ID, "failures", f.Failures, "last good", f.Fetched,
			"problem", f.Problem, "error", fetchErr)
	case f.Changed.Equal(now):
		s.Log.InfoContext(ctx, "metadata changed", "pool", a.Pool, "app", a.ID, "difference", f.Difference)
	}
}

// refresh takes what was fetched. It may run more than once.
func (a *Application) refresh(doc *document, err error, now time.Time) {
	changed := *a
	if err == nil {
		changed.Modified = now
		err = changed.replaceMetadata(doc)
		changed.Fresh.ETag = doc.etag
	} else if errors.Is(err, outbound.ErrUnchanged) {
		err = changed.stillValid(now)
	}
	if err != nil {
		a.Fresh.Failures++
		a.Fresh.Problem = problemOf(err)
		a.Fresh.Due = now.Add(samlmeta.RetryAfter(a.Fresh.Failures)).Truncate(time.Microsecond)
		return
	}
	if changed.MetadataXML == a.MetadataXML {
		changed.Modified = a.Modified // nothing to read again
	} else {
		changed.Fresh.Changed, changed.Fresh.Difference = now, difference(a.MetadataXML, changed.MetadataXML)
	}
	*a = changed
	a.fetched(now)
}

// fetched notes that the metadata is good and when it is looked at again.
func (a *Application) fetched(now time.Time) {
	a.Fresh.Fetched, a.Fresh.Failures, a.Fresh.Problem = now, 0, ""
	sp, err := samlxml.ParseSPMetadata([]byte(a.MetadataXML))
	if err != nil { // it was read just now
		sp = &samlxml.SPMetadata{}
	}
	a.Fresh.Due = now.Add(samlmeta.FreshFor(sp.CacheFor, sp.ValidUntil, now)).Truncate(time.Microsecond)
}

// replaceMetadata puts newer metadata of the same app in place of the old.
func (a *Application) replaceMetadata(doc *document) error {
	name := a.EntityID
	if err := a.applyMetadata(doc); err != nil {
		return err
	}
	if a.EntityID != name {
		return fmt.Errorf("%w: it was %q and calls itself %q", errRenamed, name, a.EntityID)
	}
	return a.validate()
}

func (a *Application) stillValid(now time.Time) error {
	sp, err := samlxml.ParseSPMetadata([]byte(a.MetadataXML))
	if err != nil {
		return err
	}
	return current(sp, now, a.Settings.MetadataValidDays)
}

// problemOf is what an administrator reads of a failure. What a fetch says may tell of
// our network, so it is in the log alone.
func problemOf(err error) string {
	var fault *userpool.Fault
	switch {
	case errors.Is(err, errRenamed):
		return "The metadata at the URL is that of another entity ID."
	case errors.As(err, &fault):
		return fault.Error()
	}
	return "The metadata could not be fetched."
}

// difference lists what changed from one metadata to the next, in words.
func difference(before, after string) []string {
	old, err := samlxml.ParseSPMetadata([]byte(before))
	if err != nil {
		return nil
	}
	now, err := samlxml.ParseSPMetadata([]byte(after))
	if err != nil {
		return nil
	}
	var all []string
	compare := func(what string, old, now []string) {
		slices.Sort(old)
		slices.Sort(now)
		old, now = slices.Compact(old), slices.Compact(now)
		for _, x := range now {
			if !slices.Contains(old, x) {
				all = append(all, "added "+what+" "+x)
			}
		}
		for _, x := range old {
			if !slices.Contains(now, x) {
				all = append(all, "removed "+what+" "+x)
			}
		}
	}
	compare("AssertionConsumerService", locations(old), locations(now))
	compare("signing key", fingerprints(old.Signing), fingerprints(now.Signing))
	compare("encryption key", fingerprints(encryptionCertificates(old)), fingerprints(encryptionCertificates(now)))
	return all
}

func locations(sp *samlxml.SPMetadata) (all []string) {
	for _, e := range sp.Entity.SPSSODescriptors[0].AssertionConsumerServices {
		all = append(all, e.Location)
	}
	return all
}

func encryptionCertificates(sp *samlxml.SPMetadata) (all []*x509.Certificate) {
	for _, k := range sp.Encryption {
		all = append(all, k.Certificate)
	}
	return all
}

func fingerprints(certs []*x509.Certificate) (all []string) {
	for _, c := range certs {
		sum := sha256.Sum256(c.Raw)
		all = append(all, hex.EncodeToString(sum[:8]))
	}
	return all
}

// signer is the certificate that metadata must be signed by; nil for none.
func (s *Settings) signer() (*x509.Certificate, error) {
	if s.MetadataSigner == "" {
		return nil, nil
	}
	block, _ := pem.Decode([]byte(s.MetadataSigner))
	if block == nil {
		return nil, errors.New("samlidp: the signer of the metadata is not in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// metadataLimit is how long a document may be that is kept whole, in bytes: that of one
// app, or of a federation that it is chosen from.
func (s *Settings) metadataLimit() int {
	if s.MetadataEntityID != "" || s.MetadataSigner != "" {
		return samlxml.MaxGiven
	}
	return samlxml.Metadata().Bytes
}
