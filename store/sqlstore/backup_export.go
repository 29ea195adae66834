package sqlstore

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// An export is JSON, an object a line: a header, the records, an end with their
// counts. It is described in docs/leaving.md.
const (
	backupFormat  = "poolhouse-export"
	backupVersion = 1
	// maxBackupLine bounds a line, in bytes. The largest record is an image of
	// megabytes.
	maxBackupLine = 64 << 20
)

// backupHeader is the first line.
type backupHeader struct {
	Type    string    `json:"type"` // header
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
}

// backupEnd is the last line.
type backupEnd struct {
	Type   string `json:"type"` // end
	Counts Counts `json:"counts"`
}

// Counts are numbers of records by kind.
type Counts map[string]int

// Total is the number of all records.
func (c Counts) Total() (n int) {
	for _, of := range c {
		n += of
	}
	return n
}

// BackupOptions say how an export or a restore runs.
type BackupOptions struct {
	Sealer   keyring.Sealer
	Audit    bool            // export the audit log too
	Progress func(total int) // told after each record; nil for nobody
}

// Export writes all records of the database, as one transaction sees them, with
// what is sealed opened: what is written to w is secret. It needs memory for one
// record at a time.
func (db *DB) Export(ctx context.Context, w io.Writer, o BackupOptions) (Counts, error) {
	options := &sql.TxOptions{ReadOnly: true}
	if db.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	e := &exporter{BackupOptions: o, tx: tx, out: bufio.NewWriterSize(w, 64<<10), counts: Counts{}}
	err = e.all(ctx, db.now().UTC())
	return e.counts, errors.Join(err, ignoreDone(tx.Rollback()))
}

type exporter struct {
	BackupOptions
	tx     *sql.Tx
	out    *bufio.Writer
	counts Counts
	total  int
}

func (e *exporter) all(ctx context.Context, now time.Time) error {
	if err := e.line(backupHeader{"header", backupFormat, backupVersion, now}); err != nil {
		return err
	}
	for i := range backupTables {
		t := &backupTables[i]
		if t.onRequest && !e.Audit {
			continue
		}
		if err := e.table(ctx, t); err != nil {
			return fmt.Errorf("export of %s: %w", t.name, err)
		}
	}
	if err := e.line(backupEnd{"end", e.counts}); err != nil {
		return err
	}
	return e.out.Flush()
}

func (e *exporter) table(ctx context.Context, t *backupTable) error {
	rows, err := e.tx.QueryContext(ctx, t.selectAll())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values := t.targets()
		if err := rows.Scan(values...); err != nil {
			return err
		}
		record, err := t.record(e.Sealer, values)
		if err != nil {
			return err
		}
		if err := e.line(record); err != nil {
			return err
		}
		e.counts[t.kind]++
		e.total++
		if e.Progress != nil {
			e.Progress(e.total)
		}
	}
	return rows.Err()
}

func (e *exporter) line(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(raw) >= maxBackupLine {
		return fmt.Errorf("a record of %d bytes", len(raw))
	}
	_, err = e.out.Write(append(raw, '\n'))
	return err
}

func (t *backupTable) selectAll() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	query := `SELECT ` + strings.Join(names, ", ") + ` FROM ` + t.name
	if t.only != "" {
		query += ` WHERE ` + t.only
	}
	return query
}

func (t *backupTable) targets() []any {
	out := make([]any, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.target()
	}
	return out
}

// record returns the line of a row.
func (t *backupTable) record(sealer keyring.Sealer, values []any) (json.RawMessage, error) {
	out := bytes.NewBufferString(`{"type":"` + t.kind + `","data":{`)
	for i, c := range t.columns {
		if err := t.open(sealer, c, values, i); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		raw, err := c.toJSON(values[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + c.name + `":`)
		out.Write(raw)
	}
	out.WriteString("}}")
	return out.Bytes(), nil
}

// open replaces a sealed value by what is in it.
func (t *backupTable) open(sealer keyring.Sealer, c backupColumn, values []any, at int) error {
	if !c.sealed() {
		return nil
	}
	value := values[at].(*[]byte)
	if len(*value) == 0 {
		return nil
	}
	aad, err := c.aad(func(name string) (string, error) {
		for i, other := range t.columns {
			if other.name == name {
				return values[i].(*sql.NullString).String, nil
			}
		}
		return "", fmt.Errorf("bound to an unknown column %s", name)
	})
	if err == nil {
		*value, err = sealer.Open(*value, aad)
	}
	return err
}
