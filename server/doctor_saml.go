package server

import (
	"context"
	"fmt"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/server/doctor"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/userpool"
)

// samlCertificates looks when those end that apps know us by, and those that we know
// identity providers by.
func (d *Doctor) samlCertificates(ctx context.Context) []doctor.Finding {
	var all []doctor.Certificate
	err := d.withKeys(ctx, func(db *sqlstore.DB, keys *keyring.Keys) error {
		store := db.Userpool(keys)
		upstream := &samlsp.Service{Pools: store, Sources: db.SAMLSources(), Now: d.Now}
		return eachPool(ctx, store, func(pool userpool.PoolID) error {
			ours, err := ownCertificates(ctx, keys, pool)
			if err != nil {
				return err
			}
			theirs, err := providerCertificates(ctx, store, upstream, pool)
			all = append(append(all, ours...), theirs...)
			return err
		})
	})
	if err != nil {
		return []doctor.Finding{doctor.Skip("", "%s", err)}
	}
	if len(all) == 0 {
		return []doctor.Finding{doctor.Skip("", "no pool uses any")}
	}
	return doctor.Ends(d.Now(), all)
}

// poolsAtOnce is how many pools are read at a time.
const poolsAtOnce = 60

func eachPool(ctx context.Context, store userpool.Store, do func(userpool.PoolID) error) error {
	for after := ""; ; {
		pools, next, err := store.Pools(ctx, after, poolsAtOnce)
		if err != nil {
			return err
		}
		for _, p := range pools {
			if err := do(p.ID); err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

func ownCertificates(ctx context.Context, keys *keyring.Keys, pool userpool.PoolID) (all []doctor.Certificate, err error) {
	published, err := keys.Recent(ctx, 0, samlidp.KeyScopes(pool)...)
	for _, k := range published {
		if k.State == keyring.Active && k.Certificate != nil {
			all = append(all, doctor.Of(fmt.Sprintf("Pool %s, which apps know by certificate %s,", pool, k.ID),
				"Start a roll-over (Poolhouse.StartSamlRollover), and have apps read the metadata anew.", k.Certificate))
		}
	}
	return all, err
}

// providerCertificates returns the last certificate of each SAML provider, since any of
// them counts.
func providerCertificates(ctx context.Context, store userpool.Store, upstream *samlsp.Service, pool userpool.PoolID) (all []doctor.Certificate, err error) {
	for after := ""; ; {
		providers, next, err := store.Providers(ctx, pool, after, poolsAtOnce)
		if err != nil {
			return nil, err
		}
		for _, p := range providers {
			if p.Type != userpool.ProviderSAML {
				continue
			}
			name := fmt.Sprintf("Provider %s of pool %s", p.Name, pool)
			until, err := upstream.KnownUntil(ctx, p)
			if err != nil {
				continue // never fetched, or of no use: its page says so
			}
			all = append(all, doctor.Certificate{Name: name, Renew: "Get its new metadata, and give it to the provider's settings.", Until: until})
		}
		if after = next; next == "" {
			return all, nil
		}
	}
}
