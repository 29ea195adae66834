package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A SAMLStore keeps SAML applications.
type SAMLStore struct{ db *DB }

var _ samlidp.Store = (*SAMLStore)(nil)

// SAML returns the store of SAML applications.
func (db *DB) SAML() *SAMLStore { return &SAMLStore{db} }

const samlColumns = `pool, id, entity_id, doc, created, modified, due`

// samlDoc is what the doc column holds of an application.
type samlDoc struct {
	Name                        string
	ACS                         []string
	MetadataXML, MetadataURL    string
	NameIDFormat                string
	NameIDAttribute             string
	Attributes                  []samlidp.Attribute
	SignResponse, SignAssertion bool
	EncryptAssertion            bool
	Settings                    samlidp.Settings
	Fresh                       samlidp.Freshness
}

func samlDocOf(a *samlidp.Application) (string, error) {
	raw, err := json.Marshal(samlDoc{a.Name, a.ACS, a.MetadataXML, a.MetadataURL, a.NameIDFormat, a.NameIDAttribute,
		a.Attributes, a.SignResponse, a.SignAssertion, a.EncryptAssertion, a.Settings, a.Fresh})
	return string(raw), err
}

// CreateApplication implements samlidp.Store.
func (s *SAMLStore) CreateApplication(ctx context.Context, a *samlidp.Application) error {
	doc, err := samlDocOf(a)
	if err != nil {
		return err
	}
	_, err = s.db.write.ExecContext(ctx, `INSERT INTO saml_applications (`+samlColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.Pool, a.ID, a.EntityID, doc, micros(a.Created), micros(a.Modified), dueOf(a))
	switch {
	case isUnique(err, ""):
		return samlidp.ErrExists
	case isForeignKey(err):
		return userpool.ErrPoolNotFound
	}
	return err
}

// Application implements samlidp.Store.
func (s *SAMLStore) Application(ctx context.Context, pool userpool.PoolID, id samlidp.ApplicationID) (*samlidp.Application, error) {
	return s.db.docs.application(s.db.read.QueryRowContext(ctx,
		`SELECT `+samlColumns+` FROM saml_applications WHERE pool = $1 AND id = $2`, pool, id))
}

// ApplicationByEntityID implements samlidp.Store.
func (s *SAMLStore) ApplicationByEntityID(ctx context.Context, pool userpool.PoolID, entityID string) (*samlidp.Application, error) {
	return s.db.docs.application(s.db.read.QueryRowContext(ctx,
		`SELECT `+samlColumns+` FROM saml_applications WHERE pool = $1 AND entity_id = $2`, pool, entityID))
}

// UpdateApplication implements samlidp.Store.
func (s *SAMLStore) UpdateApplication(ctx context.Context, pool userpool.PoolID, id samlidp.ApplicationID, fn func(*samlidp.Application) error) (*samlidp.Application, error) {
	var updated *samlidp.Application
	err := s.db.inTx(ctx, func(tx *sql.Tx) error {
		a, err := s.db.docs.application(tx.QueryRowContext(ctx,
			`SELECT `+samlColumns+` FROM saml_applications WHERE pool = $1 AND id = $2`+s.db.forUpdate(), pool, id))
		if err != nil {
			return err
		}
		if err := fn(a); err != nil {
			return err
		}
		doc, err := samlDocOf(a)
		if err != nil {
			return err
		}
		updated = a
		_, err = tx.ExecContext(ctx, `UPDATE saml_applications SET entity_id = $1, doc = $2, modified = $3, due = $4
			WHERE pool = $5 AND id = $6`, a.EntityID, doc, micros(a.Modified), dueOf(a), pool, id)
		if isUnique(err, "") {
			return samlidp.ErrExists
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return updated, nil
}

// dueOf is when an application's metadata is fetched, as its column has it.
func dueOf(a *samlidp.Application) int64 {
	if a.Fresh.Due.IsZero() {
		return 0
	}
	return micros(a.Fresh.Due)
}

// ClaimDue implements samlidp.Store. Nodes that claim at once on PostgreSQL step over
// each other's rows.
func (s *SAMLStore) ClaimDue(ctx context.Context, now, until time.Time) (*samlidp.Application, error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	return s.db.docs.application(s.db.write.QueryRowContext(ctx, `UPDATE saml_applications SET due = $1 WHERE (pool, id) IN (
		SELECT pool, id FROM saml_applications WHERE due > 0 AND due <= $2
		ORDER BY due, pool, id LIMIT 1`+lock+`) RETURNING `+samlColumns, micros(until), micros(now)))
}

// DeleteApplication implements samlidp.Store.
func (s *SAMLStore) DeleteApplication(ctx context.Context, pool userpool.PoolID, id samlidp.ApplicationID) error {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM saml_applications WHERE pool = $1 AND id = $2`, pool, id)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = samlidp.ErrNotFound
	}
	return err
}

// Applications implements samlidp.Store. One row more than asked for tells
// whether there is a next page.
func (s *SAMLStore) Applications(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*samlidp.Application, string, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT `+samlColumns+` FROM saml_applications
		WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3`, pool, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	var apps []*samlidp.Application
	for rows.Next() {
		a, err := s.db.docs.application(rows)
		if err != nil {
			return nil, "", err
		}
		apps = append(apps, a)
	}
	if len(apps) <= limit {
		return apps, "", rows.Err()
	}
	return apps[:limit], string(apps[limit-1].ID), rows.Err()
}

// application scans a row of samlColumns.
func (d *documents) application(row interface{ Scan(...any) error }) (*samlidp.Application, error) {
	var a samlidp.Application
	var raw string
	var created, modified, due int64
	err := row.Scan(&a.Pool, &a.ID, &a.EntityID, &raw, &created, &modified, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, samlidp.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	a.Created, a.Modified = fromMicros(created), fromMicros(modified)
	doc, err := d.saml.decode(raw)
	if err != nil {
		return nil, err
	}
	a.Name, a.ACS, a.MetadataXML, a.MetadataURL = doc.Name, doc.ACS, doc.MetadataXML, doc.MetadataURL
	a.NameIDFormat, a.NameIDAttribute, a.Attributes = doc.NameIDFormat, doc.NameIDAttribute, doc.Attributes
	a.SignResponse, a.SignAssertion, a.EncryptAssertion = doc.SignResponse, doc.SignAssertion, doc.EncryptAssertion
	a.Settings, a.Fresh = doc.Settings, doc.Fresh
	if a.Fresh.Due = (time.Time{}); due > 0 { // the column is what counts
		a.Fresh.Due = fromMicros(due)
	}
	return &a, nil
}

// isForeignKey reports whether err is a violated foreign key.
func isForeignKey(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23503"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}
