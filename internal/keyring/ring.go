package keyring

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CanaryScope is the scope of the row that shows whether a master key opens a store.
const CanaryScope = "keyring/canary"

// Scopes and algorithms of rows that are not signing keys.
const (
	canaryAlgorithm = "canary"
	canaryText      = "this master key opens this database"
	secretPrefix    = "secret/"
	secretAlgorithm = "secret"
)

// Keys is the Ring over a Store.
type Keys struct {
	*sealer
	store Store
	now   func() time.Time
	cache cache

	// Generate makes private keys. Tests set it before the first use, to spare
	// the time that RSA keys take.
	Generate func(algorithm string) (crypto.Signer, error)
}

var _ Ring = (*Keys)(nil)

// Open returns the ring of a store. The first Open of a store leaves a sealed
// canary there; where master does not open it later, ErrWrongMasterKey.
func Open(ctx context.Context, store Store, master []byte, now func() time.Time) (*Keys, error) {
	sealer, err := newSealer(master)
	if err != nil {
		return nil, err
	}
	k := &Keys{sealer: sealer, store: store, now: now, Generate: Generate}
	row, err := k.loadOrInsert(ctx, CanaryScope, func() (*Row, error) {
		return k.newRow(CanaryScope, canaryAlgorithm, Active, []byte(canaryText))
	})
	if err != nil {
		return nil, err
	}
	if _, err := k.openRow(row); err != nil {
		return nil, fmt.Errorf("%w: start with the key that it was made with (POOLHOUSE_MASTER_KEY or the file %s)",
			ErrWrongMasterKey, masterFile)
	}
	return k, nil
}

// Fresh reports whether a store was never opened by a ring, so that a new
// master key locks nobody out.
func Fresh(ctx context.Context, store Store) (bool, error) {
	rows, err := store.LoadKeys(ctx, CanaryScope)
	return len(rows) == 0, err
}

// Signer implements Ring. Asking for another algorithm than the scope has is an error.
func (k *Keys) Signer(ctx context.Context, scope, algorithm string) (*Key, error) {
	return k.signer(ctx, scope, algorithm, "")
}

// CertifiedSigner implements Ring with an RS256 key.
func (k *Keys) CertifiedSigner(ctx context.Context, scope, subject string) (*Key, error) {
	return k.CertifiedSignerOf(ctx, scope, "RS256", subject)
}

// CertifiedSignerOf implements Ring.
func (k *Keys) CertifiedSignerOf(ctx context.Context, scope, algorithm, subject string) (*Key, error) {
	key, err := k.signer(ctx, scope, algorithm, subject)
	if err == nil && key.Certificate == nil {
		return nil, fmt.Errorf("keyring: scope %q was made without a certificate", scope)
	}
	return key, err
}

func (k *Keys) signer(ctx context.Context, scope, algorithm, subject string) (*Key, error) {
	keys, err := k.keys(ctx, scope)
	if err != nil {
		return nil, err
	}
	key := signing(keys, k.now())
	if key == nil {
		if key, err = k.create(ctx, scope, algorithm, subject); err != nil {
			return nil, err
		}
	}
	if key.Algorithm != algorithm {
		return nil, fmt.Errorf("keyring: scope %q signs with %s, not %s", scope, key.Algorithm, algorithm)
	}
	return key, nil
}

// create makes the first key of a scope. Of several callers, in this process or
// another, one key wins and all return it.
func (k *Keys) create(ctx context.Context, scope, algorithm, subject string) (*Key, error) {
	return k.cache.once(ctx, "create "+scope, func(ctx context.Context) (*Key, error) {
		row, err := k.loadOrInsert(ctx, scope, func() (*Row, error) {
			return k.newKeyRow(scope, algorithm, subject, Active)
		})
		if err != nil {
			return nil, err
		}
		k.cache.forget(scope)
		return k.parse(row)
	})
}

// loadOrInsert returns the active row of a scope, and inserts the one that
// build makes where there is none.
func (k *Keys) loadOrInsert(ctx context.Context, scope string, build func() (*Row, error)) (*Row, error) {
	row, err := k.activeRow(ctx, scope)
	if !errors.Is(err, ErrNotFound) {
		return row, err
	}
	if row, err = build(); err != nil {
		return nil, err
	}
	if err = k.store.InsertKey(ctx, row); errors.Is(err, ErrExists) {
		return k.activeRow(ctx, scope) // somebody was faster
	}
	return row, err
}

func (k *Keys) activeRow(ctx context.Context, scope string) (*Row, error) {
	rows, err := k.store.LoadKeys(ctx, scope)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, func(r *Row) bool { return r.State == Active })
	if i < 0 {
		return nil, ErrNotFound
	}
	return rows[i], nil
}

// Published implements Ring: the active key first, then the next, then those
// retired that have not ended.
func (k *Keys) Published(ctx context.Context, scope string) ([]*Key, error) {
	keys, err := k.keys(ctx, scope)
	if err != nil {
		return nil, err
	}
	return published(keys, k.now()), nil
}

// Recent implements Ring.
func (k *Keys) Recent(ctx context.Context, age time.Duration, scopes ...string) ([]*Key, error) {
	now := k.now()
	keys, ok := k.cache.recent(now.Add(-age), scopes...)
	if !ok {
		var err error
		if keys, err = k.reload(ctx, scopes...); err != nil {
			return nil, err
		}
	}
	return published(keys, now), nil
}

func published(keys []*Key, now time.Time) (out []*Key) {
	for _, state := range []State{Active, Next, Retired} {
		for _, key := range keys {
			if key.State == state && (state != Retired || now.Before(key.NotAfter)) {
				out = append(out, key)
			}
		}
	}
	return out
}

// Secret implements Ring. The caller must not change the bytes.
func (k *Keys) Secret(ctx context.Context, name string) ([]byte, error) {
	scope := secretPrefix + name
	if secret, ok := k.cache.secret(scope); ok {
		return secret, nil
	}
	row, err := k.loadOrInsert(ctx, scope, func() (*Row, error) {
		raw := make([]byte, 32)
		rand.Read(raw)
		return k.newRow(scope, secretAlgorithm, Active, raw)
	})
	if err != nil {
		return nil, err
	}
	secret, err := k.openRow(row)
	if err != nil {
		return nil, err
	}
	k.cache.keepSecret(scope, secret)
	return secret, nil
}

// Drop implements Ring. Secrets whose name stands at or below the scope go too.
func (k *Keys) Drop(ctx context.Context, scope string) error {
	defer k.cache.clear()
	if err := k.store.DeleteKeys(ctx, scope); err != nil {
		return err
	}
	return k.store.DeleteKeys(ctx, secretPrefix+scope)
}

// newKeyRow makes a signing key; subject is empty for one without a certificate.
func (k *Keys) newKeyRow(scope, algorithm, subject string, state State) (*Row, error) {
	key, err := k.Generate(algorithm)
	if err != nil {
		return nil, err
	}
	var certificate []byte
	if subject != "" {
		if certificate, err = selfSigned(key, subject, k.now()); err != nil {
			return nil, err
		}
	}
	material, err := encodeMaterial(key, certificate)
	if err != nil {
		return nil, err
	}
	return k.newRow(scope, algorithm, state, material)
}

func (k *Keys) newRow(scope, algorithm string, state State, material []byte) (*Row, error) {
	row := &Row{ID: newID(), Scope: scope, Algorithm: algorithm, State: state,
		Created: k.now().UTC().Truncate(time.Microsecond)}
	var err error
	row.Material, err = k.Seal(material, rowAAD(row))
	return row, err
}

func (k *Keys) openRow(r *Row) ([]byte, error) {
	material, err := k.Open(r.Material, rowAAD(r))
	if err != nil {
		return nil, fmt.Errorf("key %s of scope %q: %w", r.ID, r.Scope, err)
	}
	return material, nil
}

// rowAAD binds material to its row: a key moved to another scope does not open.
func rowAAD(r *Row) string { return "keys/" + r.ID + "/" + r.Algorithm + "/" + r.Scope }

func (k *Keys) parse(r *Row) (*Key, error) {
	material, err := k.openRow(r)
	if err != nil {
		return nil, err
	}
	var (
		private     crypto.Signer
		certificate *x509.Certificate
	)
	if private, certificate, err = decodeMaterial(material); err != nil {
		return nil, err
	}
	return &Key{ID: r.ID, Scope: r.Scope, Algorithm: r.Algorithm, State: r.State, Private: private,
		Certificate: certificate, Created: r.Created, NotAfter: r.NotAfter, SignFrom: r.SignFrom}, nil
}

// signing returns the key that signs now. The next one takes over by the clock, so
// that all nodes, which have published it for long, change at once.
func signing(keys []*Key, now time.Time) *Key {
	if next := inState(keys, Next); next != nil && next.due(now) {
		return next
	}
	return inState(keys, Active)
}

// due reports whether a next key has begun to sign.
func (k *Key) due(now time.Time) bool { return !k.SignFrom.IsZero() && !now.Before(k.SignFrom) }

func inState(keys []*Key, state State) *Key {
	for _, key := range keys {
		if key.State == state {
			return key
		}
	}
	return nil
}
