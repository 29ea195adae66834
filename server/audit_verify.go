package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// withAudit opens the database of cfg for what reads the audit log beside a server.
func withAudit(ctx context.Context, cfg Config, do func(store audit.Store, keys *keyring.Keys) error) (err error) {
	if cfg.DatabaseURL == "" { // opening would make one
		if _, err := os.Stat(filepath.Join(cfg.Data, sqlstore.SQLiteFile)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database in %s", cfg.Data)
		}
	}
	s := &Server{cfg: cfg}
	db, err := s.openDatabase(ctx, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if fresh, err := keyring.Fresh(ctx, db.Keys()); err != nil || fresh {
		return errors.Join(err, errors.New("no server was ever started on this database"))
	}
	keys, err := s.unlock(ctx, db.Keys(), time.Now)
	if err != nil {
		return err
	}
	return do(db.Audit(), keys)
}

// VerifyAudit checks the audit log in the database of cfg. kept is what a sink
// received, or nil: its checkpoints have to be in the log.
func VerifyAudit(ctx context.Context, cfg Config, kept io.Reader) (r audit.Report, err error) {
	err = withAudit(ctx, cfg, func(store audit.Store, keys *keyring.Keys) error {
		v := audit.Verifier{Store: store, Signer: audit.KeySigner{Ring: keys}}
		if v.Key, err = keys.Secret(ctx, auditSecret); err != nil {
			return err
		}
		if kept != nil {
			if v.Kept, err = checkpointsIn(kept); err != nil {
				return err
			}
		}
		r, err = v.Verify(ctx)
		return err
	})
	return r, err
}

// ExportAudit writes the records of the log, a line each, chain by chain.
func ExportAudit(ctx context.Context, cfg Config, w io.Writer) error {
	return withAudit(ctx, cfg, func(store audit.Store, _ *keyring.Keys) error {
		segments, err := store.Segments(ctx)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(w)
		for _, s := range segments {
			if err := exportChain(ctx, store, s.Segment, out); err != nil {
				return err
			}
		}
		return out.Flush()
	})
}

func exportChain(ctx context.Context, store audit.Store, segment string, w io.Writer) error {
	for after := int64(0); ; {
		entries, err := store.Chain(ctx, segment, after, 500)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if _, err := fmt.Fprintf(w, "%s\n", e.Record); err != nil {
				return err
			}
			after = e.Seq
		}
	}
}

// AuditKeys returns the key set (RFC 7517) that checkpoints can be checked by
// elsewhere.
func AuditKeys(ctx context.Context, cfg Config) (set []byte, err error) {
	err = withAudit(ctx, cfg, func(_ audit.Store, keys *keyring.Keys) error {
		public, err := audit.KeySigner{Ring: keys}.PublicKeys(ctx)
		if err == nil {
			set, err = jose.EncodeKeySet(public)
		}
		return err
	})
	return set, err
}

// maxLine bounds a line of what a sink received, in bytes: a record with its frame.
const maxLine = 1 << 20

// checkpointsIn finds the checkpoints among the lines that a sink received, or lines
// that are nothing else.
func checkpointsIn(r io.Reader) (list []string, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if i := strings.IndexByte(text, '{'); i >= 0 { // behind the header of a syslog message, where there is one
			var line struct{ Checkpoint string }
			if json.Unmarshal([]byte(text[i:]), &line) != nil {
				continue // a line that was cut
			}
			text = line.Checkpoint
		}
		if text != "" {
			list = append(list, text)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("there is no checkpoint in it")
	}
	return list, nil
}

// RotateAuditKey has another key sign checkpoints from now on.
func RotateAuditKey(ctx context.Context, cfg Config) error {
	return withAudit(ctx, cfg, func(_ audit.Store, keys *keyring.Keys) error { return audit.KeySigner{Ring: keys}.Rotate(ctx) })
}
