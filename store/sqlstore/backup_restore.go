package sqlstore

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// Errors of Restore.
var (
	ErrNotEmpty  = errors.New("the database is not empty")
	ErrNotExport = errors.New("not an export of Poolhouse, or of a newer version")
	ErrCutExport = errors.New("the export is not whole")
)

// Restore fills an empty database from what Export wrote, and seals anew. All of
// it is there afterwards, or, with an error, nothing.
func (db *DB) Restore(ctx context.Context, r io.Reader, o BackupOptions) (Counts, error) {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxBackupLine)
	in := &restorer{BackupOptions: o, tx: tx, lines: lines, counts: Counts{}}
	err = requireEmpty(ctx, tx)
	if err == nil {
		err = in.all(ctx)
	}
	if err == nil && db.postgres {
		err = advanceUserSequence(ctx, tx)
	}
	if err == nil {
		err = queueSearch(ctx, tx)
	}
	if err != nil {
		return nil, errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return in.counts, tx.Commit()
}

// RequireEmpty returns an ErrNotEmpty that names the tables which hold
// something. The keyring's canary does not count.
func (db *DB) RequireEmpty(ctx context.Context) error { return requireEmpty(ctx, db.read) }

func requireEmpty(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) error {
	conditions := map[string]string{}
	for name := range backupLeftOut {
		conditions[name] = ""
	}
	delete(conditions, "settings_stamp") // never without its row
	for _, t := range backupTables {
		conditions[t.name] = t.only
	}
	var full []string
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		query := `SELECT 1 FROM ` + name
		if c := conditions[name]; c != "" {
			query += ` WHERE ` + c
		}
		var found bool
		if err := q.QueryRowContext(ctx, `SELECT EXISTS (`+query+`)`).Scan(&found); err != nil {
			return err
		}
		if found {
			full = append(full, name)
		}
	}
	if len(full) > 0 {
		return fmt.Errorf("%w; there is something in %s", ErrNotEmpty, strings.Join(full, ", "))
	}
	return nil
}

// advanceUserSequence has PostgreSQL number the next user after those restored.
// SQLite sees the numbers itself.
func advanceUserSequence(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT setval(pg_get_serial_sequence('userpool_users', 'seq'), max(seq))
		FROM userpool_users HAVING max(seq) IS NOT NULL`)
	return err
}

type restorer struct {
	BackupOptions
	tx     *sql.Tx
	lines  *bufio.Scanner
	counts Counts
	total  int
}

// backupLine is any line after the header.
type backupLine struct {
	Type   string                     `json:"type"`
	Data   map[string]json.RawMessage `json:"data"`
	Counts Counts                     `json:"counts"`
}

func (in *restorer) all(ctx context.Context) error {
	var header backupHeader
	if err := in.next(&header); err != nil {
		return err
	}
	if header.Format != backupFormat || header.Version != backupVersion {
		return fmt.Errorf("%w: format %q, version %d", ErrNotExport, header.Format, header.Version)
	}
	for {
		var l backupLine
		if err := in.next(&l); err != nil {
			return err
		}
		if l.Type == "end" {
			return in.end(l.Counts)
		}
		if err := in.insert(ctx, &l); err != nil {
			return fmt.Errorf("record %d, %s: %w", in.total+1, l.Type, err)
		}
		in.counts[l.Type]++
		in.total++
		if in.Progress != nil {
			in.Progress(in.total)
		}
	}
}

// next reads a line. There must be one.
func (in *restorer) next(v any) error {
	if !in.lines.Scan() {
		return fmt.Errorf("%w: after %d records: %w", ErrCutExport, in.total, errors.Join(in.lines.Err(), io.ErrUnexpectedEOF))
	}
	if err := json.Unmarshal(in.lines.Bytes(), v); err != nil {
		return fmt.Errorf("%w: line after %d records: %w", ErrNotExport, in.total, err)
	}
	return nil
}

// end compares the counts, and reads up to the end of the file: only there is it
// known that nobody changed it.
func (in *restorer) end(counts Counts) error {
	if !maps.Equal(counts, in.counts) {
		return fmt.Errorf("%w: it has %d records, and %d were written", ErrCutExport, in.counts.Total(), counts.Total())
	}
	if in.lines.Scan() {
		return fmt.Errorf("%w: there is more after its end", ErrCutExport)
	}
	return in.lines.Err()
}

// insert writes a record. Columns that it lacks, because the export is older
// than they are, get what the migration gives them.
func (in *restorer) insert(ctx context.Context, l *backupLine) error {
	t := backupTableOf(l.Type)
	if t == nil {
		return fmt.Errorf("%w: unknown kind of record", ErrNotExport)
	}
	var (
		names, places []string
		values        []any
	)
	for _, c := range t.columns {
		raw, ok := l.Data[c.name]
		if !ok {
			continue
		}
		v, err := t.value(in.Sealer, c, raw, l.Data)
		if err != nil {
			return fmt.Errorf("field %s: %w", c.name, err)
		}
		names, values = append(names, c.name), append(values, v)
		places = append(places, "$"+strconv.Itoa(len(values)))
	}
	if len(names) != len(l.Data) {
		return fmt.Errorf("%w: unknown fields", ErrNotExport)
	}
	_, err := in.tx.ExecContext(ctx, `INSERT INTO `+t.name+` (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, values...)
	return err
}

// value returns what is stored for a field of a record.
func (t *backupTable) value(sealer keyring.Sealer, c backupColumn, raw json.RawMessage, data map[string]json.RawMessage) (any, error) {
	if !c.sealed() {
		return c.fromJSON(raw)
	}
	plain, err := c.plainFromJSON(raw)
	if err != nil || len(plain) == 0 {
		return []byte{}, err
	}
	aad, err := c.aad(func(name string) (string, error) { return jsonAs[string](data[name]) })
	if err != nil {
		return nil, err
	}
	return sealer.Seal(plain, aad)
}
