package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// stores is what a server keeps its data in.
type stores struct {
	db    *sqlstore.DB
	redis *redisstore.DB // nil on the embedded profile

	synced *redisstore.DatasetStore // nil where datasets are not in Redis
	keys   *keyring.Keys
}

// openStores opens database and Redis, and unlocks the keyring.
func (s *Server) openStores(ctx context.Context, now func() time.Time) (*stores, error) {
	if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		return nil, err
	}
	st := new(stores)
	var err error
	if st.db, err = s.openDatabase(ctx, now); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, st.db.Close)
	if s.cfg.RedisURL != "" {
		if st.redis, err = redisstore.Open(ctx, s.cfg.RedisURL, now); err != nil {
			return nil, err
		}
		s.closers = append(s.closers, st.redis.Close)
		for _, w := range st.redis.Warnings() {
			s.log.Warn(w)
		}
		st.synced = s.datasetsInRedis(st)
	}
	st.keys, err = s.unlock(ctx, st.db.Keys(), now)
	s.keys = st.keys
	return st, err
}

func (s *Server) openDatabase(ctx context.Context, now func() time.Time) (*sqlstore.DB, error) {
	if s.cfg.DatabaseURL != "" {
		return sqlstore.OpenPostgres(ctx, s.cfg.DatabaseURL, s.cfg.DatabaseConns, now)
	}
	return sqlstore.OpenSQLite(ctx, s.cfg.Data, now)
}

func (s *Server) unlock(ctx context.Context, store keyring.Store, now func() time.Time) (*keyring.Keys, error) {
	fresh, err := keyring.Fresh(ctx, store)
	if err != nil {
		return nil, err
	}
	s.fresh = fresh
	master, err := keyring.LoadMaster(s.cfg.Data, s.cfg.MasterKey, fresh)
	if err != nil {
		return nil, err
	}
	keys, err := keyring.Open(ctx, store, master, now)
	if errors.Is(err, keyring.ErrWrongMasterKey) {
		return nil, fmt.Errorf("%w; give the key that it was first started with", err)
	}
	return keys, err
}

// ephemeral, sessions, participants, datasets and changes choose Redis where there is one.

func (st *stores) ephemeral() ephemeral.Store {
	if st.redis != nil {
		return st.redis.Ephemeral()
	}
	return st.db.Ephemeral()
}

func (st *stores) sessions() idp.SessionStore {
	if st.redis != nil {
		return st.redis.Sessions()
	}
	return st.db.IDP()
}

func (st *stores) participants() idp.ParticipantStore {
	if st.redis != nil {
		return st.redis.Participants()
	}
	return st.db.IDP()
}

func (st *stores) datasets() dataset.Store {
	if st.synced != nil {
		return st.synced
	}
	return st.db.Datasets()
}

// changes is the log beside the datasets.
func (st *stores) changes() dataset.Log {
	if st.synced != nil {
		return st.synced
	}
	return st.db.Datasets()
}

// checks are what a readiness probe asks.
func (st *stores) checks() map[string]func(context.Context) error {
	checks := map[string]func(context.Context) error{"database": st.db.Ping}
	if st.redis != nil {
		checks["redis"] = st.redis.Ping
	}
	return checks
}
