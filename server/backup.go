package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// An Export says what Export writes and for whom.
type Export struct {
	Recipients []age.Recipient
	Audit      bool            // the audit log too
	Progress   func(total int) // told after each record; nil for nobody
}

// Write writes what the database of cfg holds to w, sealed to the recipients.
// Servers may go on using the database. What they keep in Redis is not in it.
func (x *Export) Write(ctx context.Context, cfg Config, w io.Writer) (_ sqlstore.Counts, err error) {
	db, keys, err := openUsed(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	sealed, err := age.Encrypt(w, x.Recipients...)
	if err != nil {
		return nil, err
	}
	counts, err := db.Export(ctx, sealed, sqlstore.BackupOptions{Sealer: keys, Audit: x.Audit, Progress: x.Progress})
	if err != nil {
		return nil, err // not closed: the file stays one that is cut
	}
	return counts, sealed.Close()
}

// openUsed opens the database of cfg, on which a server was started before.
func openUsed(ctx context.Context, cfg Config) (_ *sqlstore.DB, _ *keyring.Keys, err error) {
	if cfg.DatabaseURL == "" { // opening would make one
		if _, err := os.Stat(filepath.Join(cfg.Data, sqlstore.SQLiteFile)); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no database in %s", cfg.Data)
		}
	}
	s := &Server{cfg: cfg}
	db, err := s.openDatabase(ctx, time.Now)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if fresh, err := keyring.Fresh(ctx, db.Keys()); err != nil || fresh {
		return nil, nil, errors.Join(err, errors.New("no server was ever started on this database"))
	}
	keys, err := s.unlock(ctx, db.Keys(), time.Now)
	return db, keys, err
}

// Restore fills the empty database of cfg from an export, and seals what is
// secret under its master key, which is made where there is none. progress may be
// nil. With an error the database is as empty as before.
func Restore(ctx context.Context, cfg Config, r io.Reader, progress func(total int), identities ...age.Identity) (_ sqlstore.Counts, err error) {
	plain, err := age.Decrypt(r, identities...)
	if err != nil {
		return nil, err
	}
	if cfg.DatabaseURL == "" {
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return nil, err
		}
	}
	s := &Server{cfg: cfg}
	db, err := s.openDatabase(ctx, time.Now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.RequireEmpty(ctx); err != nil { // before a master key is made
		return nil, err
	}
	keys, err := s.unlock(ctx, db.Keys(), time.Now)
	if err != nil {
		return nil, err
	}
	return db.Restore(ctx, plain, sqlstore.BackupOptions{Sealer: keys, Progress: progress})
}
