package migrate

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/syncclient"
)

// A DatasetImport copies the datasets of identities from Cognito Sync, or anything that
// speaks its API, to a server of ours, by the credentials of a developer at both. It
// may run again at any time: what is here already is left alone, and so is what was
// changed here since. Use it by pointer, once.
type DatasetImport struct {
	From, To   *syncclient.Client
	Identities func(ctx context.Context, after string) (page []IdentityPair, next string, err error)
	State      string // file that tells a later run where this one ended
	DryRun     bool   // reads everything, and writes nothing at all
	Overwrite  bool   // also what is newer here
	Out        io.Writer
	Progress   io.Writer
	Wait       time.Duration // before a throttled call is made again; doubles each time

	at importState
}

// An IdentityPair is an identity by the ID that it has at the source, and here.
type IdentityPair struct{ From, To string }

// importDevice is who changed a record that was copied.
const importDevice = "import"

// Run copies what an earlier run has not, and reports.
func (m *DatasetImport) Run(ctx context.Context) error {
	if err := m.load(); err != nil {
		return err
	}
	if err := m.pages(ctx); err != nil {
		return err
	}
	m.report()
	return m.save() // the next run begins at the beginning
}

// pages copies page after page of identities.
func (m *DatasetImport) pages(ctx context.Context) error {
	defer fmt.Fprintln(m.Progress)
	for {
		page, next, err := m.Identities(ctx, m.at.Next)
		if m.at.Next != "" && isCode(err, "InvalidParameterException") {
			m.at.Next = "" // the token is too old; what was copied is skipped
			continue
		}
		if err != nil {
			return err
		}
		for _, pair := range page {
			if err := m.identity(ctx, pair); err != nil {
				return fmt.Errorf("identity %s: %w", pair.From, err)
			}
			fmt.Fprintf(m.Progress, "\ridentities: %d, records: %d", m.at.Counts["identities"], m.at.Counts["records"])
		}
		if m.at.Next = next; next == "" {
			return nil
		}
		if err := m.save(); err != nil {
			return err
		}
	}
}

// identity copies one identity.
func (m *DatasetImport) identity(ctx context.Context, pair IdentityPair) error {
	var all []syncclient.Dataset
	err := m.again(ctx, func() (err error) { all, err = m.From.Datasets(ctx, pair.From); return err })
	if err != nil || len(all) == 0 {
		return m.note("identity "+pair.From, err)
	}
	var here bool
	err = m.again(ctx, func() (err error) { here, err = m.To.Exists(ctx, pair.To); return err })
	if err == nil && !here {
		err = &awsclient.APIError{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: "there is no such identity here"}
	}
	if err != nil {
		return m.note("identity "+pair.To, err)
	}
	m.at.Counts["identities"]++
	for _, d := range all {
		err := m.again(ctx, func() error { return m.dataset(ctx, pair, d.Name) })
		if err := m.note("dataset "+d.Name+" of identity "+pair.To, err); err != nil {
			return fmt.Errorf("dataset %s: %w", d.Name, err)
		}
	}
	return nil
}

// dataset copies one dataset, whole or not at all.
func (m *DatasetImport) dataset(ctx context.Context, pair IdentityPair, name string) error {
	there, err := m.From.List(ctx, pair.From, name, 0)
	if err != nil {
		return err
	}
	here, err := m.To.List(ctx, pair.To, name, 0)
	if err != nil {
		return err
	}
	patches, same, newer := m.differences(there.Records, here.Records)
	if len(patches) > 0 && !m.DryRun {
		if _, err := m.To.Update(ctx, pair.To, name, importDevice, here.Session, patches); err != nil {
			return err
		}
	}
	m.count("records", len(patches))
	m.count("records that were here already", same)
	if newer > 0 {
		m.at.Notes = append(m.at.Notes, fmt.Sprintf("dataset %s of identity %s: %d records are newer here", name, pair.To, newer))
	}
	return nil
}

// differences returns what makes the records here those of the source, and counts the
// records that need nothing, and those that must not be overwritten.
func (m *DatasetImport) differences(there, here []syncclient.Record) (patches []syncclient.Patch, same, newer int) {
	known := map[string]*syncclient.Record{}
	for i := range here {
		known[here[i].Key] = &here[i]
	}
	for i := range there {
		r := &there[i]
		old := known[r.Key]
		switch {
		case old == nil && r.Value == nil:
			continue // removed there, and never was here
		case old != nil && equal(old.Value, r.Value):
			same++
			continue
		case old != nil && !m.Overwrite && !r.ModifiedAt().After(old.ModifiedAt()):
			newer++
			continue
		}
		patches = append(patches, patch(r, old))
	}
	return patches, same, newer
}

// patch writes r over old, which may be nil.
func patch(r, old *syncclient.Record) syncclient.Patch {
	p := syncclient.Patch{Op: "replace", Key: r.Key, Value: r.Value, DeviceModified: float64(r.ModifiedAt().UnixMilli()) / 1000}
	if r.Value == nil {
		p.Op = "remove"
	}
	if old != nil {
		p.SyncCount = old.SyncCount
	}
	return p
}

func equal(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// again calls f once more where a server throttles, or where somebody changed the
// dataset meanwhile.
func (m *DatasetImport) again(ctx context.Context, f func() error) error {
	wait := m.Wait
	for n := 1; ; n++ {
		err := f()
		if n == tries || !isCode(err, "TooManyRequestsException") && !isCode(err, "ResourceConflictException") {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// note keeps a refusal for the report; any other failure ends the run. That a call is
// not allowed holds for all of them.
func (m *DatasetImport) note(what string, err error) error {
	if isCode(err, "NotAuthorizedException") {
		return err
	}
	text, err := refusal(what, err)
	if text != "" {
		m.at.Notes = append(m.at.Notes, text)
	}
	return err
}

func (m *DatasetImport) count(what string, n int) {
	if n > 0 {
		m.at.Counts[what] += n
	}
}

func (m *DatasetImport) report() {
	verb := "Copied"
	if m.DryRun {
		verb = "Would copy"
	}
	for _, what := range slices.Sorted(maps.Keys(m.at.Counts)) {
		fmt.Fprintf(m.Out, "%s %s: %d\n", verb, what, m.at.Counts[what])
	}
	for _, n := range m.at.Notes {
		fmt.Fprintln(m.Out, "Not copied:", n)
	}
	m.at.Counts, m.at.Notes = map[string]int{}, nil
}
