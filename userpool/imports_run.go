package userpool

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	importBatch = 100             // rows between two looks at the job
	importLease = time.Minute     // that a node holds a job without a sign
	importPoll  = 5 * time.Second // between two looks for jobs of nodes that died
	maxRow      = 64 << 10        // bytes
)

// wakeImports tells RunImports of this node that there is something to do.
func (s *Service) wakeImports() {
	select {
	case s.importWake() <- struct{}{}:
	default: // one token is enough
	}
}

func (s *Service) importWake() chan struct{} {
	s.wakeOnce.Do(func() { s.wake = make(chan struct{}, 1) })
	return s.wake
}

// RunImports runs import jobs until ctx ends. A batch under way is finished; another
// node goes on behind it.
func (s *Service) RunImports(ctx context.Context) {
	tick := time.NewTicker(importPoll)
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			if found, err := s.RunImport(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "import job", "error", err)
				break
			} else if !found {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.importWake():
		case <-tick.C:
		}
	}
}

// RunImport runs one job that waits, if there is one, to its end.
func (s *Service) RunImport(ctx context.Context) (found bool, err error) {
	j, err := s.Store.ClaimImport(ctx, s.now().Add(importLease))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.Log.InfoContext(ctx, "import job runs", "pool", j.Pool, "job", j.ID, "line", j.Line)
	status, text, err := s.importFile(ctx, j)
	if err != nil {
		return true, err // the claim runs out, and somebody goes on
	}
	j, err = s.Store.UpdateImport(ctx, j.Pool, j.ID, func(j *ImportJob) error {
		j.Status, j.Message, j.Completed = status, text, s.now()
		return nil
	})
	if err != nil {
		return true, err
	}
	s.Log.InfoContext(ctx, "import job ended", "pool", j.Pool, "job", j.ID, "status", j.Status, "imported", j.Imported, "skipped", j.Skipped, "failed", j.Failed)
	return true, s.Store.DeleteImportFile(ctx, j.Pool, j.ID)
}

// importFile adds the users of a job's file, batch by batch.
func (s *Service) importFile(ctx context.Context, j *ImportJob) (status ImportStatus, text string, err error) {
	p, err := s.Pool(ctx, j.Pool)
	if err != nil {
		return "", "", err
	}
	file := &importReader{ctx: ctx, store: s.Store, job: j}
	rows, header, err := openCSV(file, p, j)
	var f *Fault
	if errors.As(err, &f) {
		return ImportFailed, f.Text, nil
	}
	if err != nil {
		return "", "", err
	}
	im := &importer{Service: s, ctx: ctx, pool: p, job: j, header: header}
	for {
		j, err = s.Store.UpdateImport(ctx, j.Pool, j.ID, im.advance)
		switch {
		case err != nil:
			return "", "", err
		case j.Status == ImportStopping:
			return ImportStopped, "Import job stopped.", nil
		case im.done:
			return ImportSucceeded, "Import job completed.", nil
		case ctx.Err() != nil:
			return "", "", ctx.Err()
		}
		if err := s.Store.HoldImport(ctx, j.Pool, j.ID, s.now().Add(importLease)); err != nil {
			return "", "", err
		}
		if err := im.batch(rows, file); errors.As(err, &f) {
			return ImportFailed, f.Text, nil
		} else if err != nil {
			return "", "", err
		}
	}
}

// openCSV reads the header of a file and goes to the first row that is to be read.
func openCSV(file *importReader, p *Pool, j *ImportJob) (*csv.Reader, []string, error) {
	file.grant()
	rows := csv.NewReader(file)
	header, err := rows.Read()
	if errors.Is(err, io.EOF) || errors.Is(err, errRowTooLong) || isCSVFault(err) {
		return nil, nil, invalid("The file has no header.")
	}
	if err != nil {
		return nil, nil, err
	}
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	if err := p.checkHeader(header, j); err != nil {
		return nil, nil, err
	}
	start := max(j.Offset, rows.InputOffset())
	if err := file.seek(start); err != nil {
		return nil, nil, err
	}
	rows = csv.NewReader(file)
	rows.FieldsPerRecord, rows.ReuseRecord = len(header), true
	return rows, header, nil
}

func isCSVFault(err error) bool {
	var f *csv.ParseError
	return errors.As(err, &f)
}

// checkHeader wants the names of columns that there are, each once, and those that
// every row needs.
func (p *Pool) checkHeader(header []string, j *ImportJob) error {
	known := p.CSVHeader()
	if j.Algorithm != "" {
		known = append(known, columnHash)
	}
	for i, name := range header {
		if !slices.Contains(known, name) {
			return invalid("The header has an unknown column: %q.", name)
		}
		if slices.Contains(header[:i], name) {
			return invalid("The header has a column twice: %s.", name)
		}
	}
	if !slices.Contains(header, columnUsername) {
		return invalid("The header has no column %s.", columnUsername)
	}
	return nil
}

// An importReader reads a job's file from its chunks. Between two grants it yields
// maxRow bytes beyond what csv.Reader reads ahead: a row that never ends is not
// gathered in memory.
type importReader struct {
	ctx   context.Context
	store ImportStore
	job   *ImportJob

	next   int    // chunk
	data   []byte // of the present chunk, unread
	base   int64  // offset of the first byte that a csv.Reader over this got
	budget int
}

// errFileGone ends a job whose file was taken away under it.
var errFileGone = Fail(ErrPrecondition, "The uploaded file is not there any more.")

var errRowTooLong = errors.New("userpool: row is too long")

const readAhead = 4096 // of csv.Reader

func (r *importReader) grant() { r.budget = maxRow + readAhead }

// seek goes to an offset of the file.
func (r *importReader) seek(offset int64) error {
	r.next, r.data, r.base = int(offset/importChunk), nil, offset
	into := int(offset % importChunk)
	if into == 0 {
		return nil
	}
	err := r.load()
	r.data = r.data[min(into, len(r.data)):]
	return err
}

func (r *importReader) load() error {
	if r.next >= r.job.Chunks {
		return io.EOF
	}
	data, err := r.store.ImportChunk(r.ctx, r.job.Pool, r.job.ID, r.next)
	if errors.Is(err, ErrNotFound) {
		return errFileGone
	}
	if err != nil {
		return err
	}
	r.data = data
	r.next++
	return nil
}

// Read implements io.Reader.
func (r *importReader) Read(b []byte) (int, error) {
	if r.budget <= 0 {
		return 0, errRowTooLong
	}
	if len(r.data) == 0 {
		if err := r.load(); err != nil {
			return 0, err
		}
	}
	n := copy(b[:min(len(b), r.budget)], r.data)
	r.data, r.budget = r.data[n:], r.budget-n
	return n, nil
}
