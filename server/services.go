package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/ratelimit"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/cognitoidentity"
	"github.com/poolhouse/poolhouse/sts/iamapi"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sts/stsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/sync/live"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/kmsapi"
	"github.com/poolhouse/poolhouse/userpool/message"
	"github.com/poolhouse/poolhouse/userpool/passkey"
)

// Services are the domain: what the APIs and the pages stand on.
type Services struct {
	Pools        *userpool.Service
	Auth         *userpool.Auth
	Tokens       *userpool.Tokens
	Sessions     *idp.Sessions
	SignOut      *signout.Service
	Apps         *samlidp.Service
	STS          *sts.Service
	Identity     *identity.Service
	Datasets     *dataset.Service
	SyncSettings *settings.Service
	Limits       *userpool.Limits // nil where they are off

	Upstreams sp.Upstreams // by type of provider

	deliveries message.Store    // nil where messages leave no log
	sealer     keyring.Sealer   // of page tokens
	senders    *kmsapi.API      // what functions decrypt codes with
	remoteKeys *jose.RemoteKeys // of OpenID clients
	consents   consent.Store
	live       *live.Hub       // of changes to datasets
	devices    *device.Service // that changes are pushed to
	samlSP     *samlsp.Service
	oidcRP     *oidcrp.Upstream
}

// build makes the services over the stores.
func (s *Server) build(cfg Config, st *stores, url string, now func() time.Time) error {
	issuer := func(pool userpool.PoolID) string { return url + "/" + string(pool) }
	ephemeral, pools := st.ephemeral(), s.watchSignOuts(st, issuer, now)
	hasher := userpool.NewHasher(userpool.HasherConfig{})
	fetch := outbound.New(cfg.AllowPrivateFetch)
	remote := stsapi.Remote{Verifier: oidcrp.New(fetch, now)}
	patient := stsapi.Remote{Verifier: remote.Verifier, Leeway: identity.Skew}

	s.sealer = st.keys
	s.senders = &kmsapi.API{Sealer: st.keys}
	s.consents = st.db.Consents()
	s.remoteKeys = &jose.RemoteKeys{Fetch: fetch, Now: now}
	triggers, err := s.triggers(&cfg, now)
	if err != nil {
		return err
	}
	s.Tokens = &userpool.Tokens{Store: pools, Keys: st.keys, Triggers: triggers, Now: now, Issuer: issuer,
		ClientKeys: s.remoteKeys}
	passwords := passwordSource{fetch}
	s.Auth = &userpool.Auth{Passwords: passwords, Store: pools, Ephemeral: ephemeral, Keys: st.keys, Hasher: hasher, Tokens: s.Tokens, Triggers: triggers, Now: now, Log: s.log,
		PasskeyVerifier: passkey.Verifier{}}
	logs := &userpool.Logbook{Pools: pools, Now: now, Log: s.log}
	s.Auth.Risk, s.Auth.Logs = &userpool.Risk{Store: pools, Ephemeral: ephemeral, Logs: logs, Now: now, Log: s.log}, logs
	s.Pools = &userpool.Service{Risk: s.Auth.Risk, Passwords: passwords, Store: pools, Ephemeral: ephemeral, Keys: st.keys, Hasher: hasher, Triggers: triggers, Now: now, PasskeyVerifier: passkey.Verifier{},
		Region: cfg.Region, Account: cfg.Account, Issuer: issuer, Fetch: fetch, Logs: logs, Log: s.log}
	if err := s.addSigns(); err != nil {
		return err
	}
	s.samlSP = &samlsp.Service{Pools: pools, Sources: st.db.SAMLSources(), Fetcher: fetch, Caller: fetch, Keys: st.keys, Ephemeral: ephemeral,
		Bases: poolAddresses(url), Now: now, Log: s.log}
	s.Sessions = &idp.Sessions{Store: st.sessions(), Users: pools, Now: now}
	s.Apps = &samlidp.Service{Store: st.db.SAML(), Fetcher: fetch, Users: pools, Keys: st.keys, Issuer: issuer, Now: now, Log: s.log}

	stsStore := st.db.STS(st.keys)
	s.STS = &sts.Service{Store: stsStore, Ephemeral: ephemeral, Keys: st.keys, SAML: stsapi.SAML{}, Remote: remote, Upstream: stsapi.Upstream{Client: fetch, Log: s.log}, Now: now, Log: s.log,
		Access: stsapi.AccessTokens{Asker: oidcrp.NewAccessTokens(fetch)},
		Region: cfg.Region, Account: cfg.Account, PublicURL: url,
		RootAccessKeyID: cfg.RootAccessKeyID, RootSecretAccessKey: cfg.RootSecretAccessKey}
	s.Identity = &identity.Service{Store: st.db.Identity(), Keys: st.keys,
		UserPools: cognitoidentity.UserPools{Tokens: s.Tokens}, Providers: cognitoidentity.Providers{Store: stsStore, Account: cfg.Account}, SAML: s.STS,
		Access: cognitoidentity.AccessTokens{Asker: oidcrp.NewAccessTokens(fetch)}, Remote: patient, Roles: s.STS, Now: now,
		Region: cfg.Region, PublicURL: url, Issuer: func(pool string) string { return issuer(userpool.PoolID(pool)) }, Log: s.log}
	if s.Identity.Guests, err = cfg.guestScope(); err != nil {
		return err
	}
	if cfg.RateLimits != "off" {
		s.Identity.Limiter = ratelimit.New(ephemeral, now, s.log)
	}
	s.STS.Thumbprints = iamapi.Thumbprints{Fetch: fetch}
	s.STS.Local = localIssuers{url: url, pools: s.Tokens, identities: s.Identity, now: now}
	s.oidcRP = oidcrp.NewUpstream(fetch, pools, poolAddresses(url), now)
	s.Upstreams = s.upstreams()
	s.Limits = s.limits(st, now)
	s.Pools.Limits = s.Limits
	s.Datasets = &dataset.Service{Store: st.datasets(), Secrets: st.keys, Now: now, Meter: &dataset.Meter{Store: st.db.SyncUsage(), Log: s.log}}
	s.openLive(st, now)

	s.sweepers = map[string]sweeper{
		"token families":      pools.DeleteExpiredFamilies,
		"sign-in events":      pools.DeleteOldEvents,
		"removed attributes":  pools.EraseAttributes,
		"users to be indexed": pools.IndexUsers,
		"grants":              st.db.IDP().DeleteExpiredGrants,
		"sessions":            st.db.IDP().DeleteExpired,
		"ephemeral": func(ctx context.Context, limit int) (int, error) {
			n, err := st.db.Ephemeral().DeleteExpired(ctx, limit)
			return int(n), err
		},
	}
	s.addOwners(st)
	if err := s.addSyncSettings(&cfg, st, fetch, now); err != nil {
		return err
	}
	s.addPush(st, fetch, now)
	s.addFarewells(st, fetch, now)
	return s.addMessages(st, fetch, now)
}

// localIssuers verifies tokens of this server without a call to itself.
type localIssuers struct {
	url        string
	pools      *userpool.Tokens
	identities *identity.Service
	now        func() time.Time
}

// Verify implements sts.LocalIssuers.
func (l localIssuers) Verify(ctx context.Context, issuer, raw string) (claims map[string]any, ok bool, err error) {
	if claims, ok, err = l.identities.Verify(ctx, issuer, raw); ok {
		return claims, true, err
	}
	pool, ours := strings.CutPrefix(issuer, l.url+"/")
	if !ours || strings.Contains(pool, "/") {
		return nil, false, nil
	}
	c, err := l.pools.IDHint(ctx, userpool.PoolID(pool), raw)
	switch {
	case errors.Is(err, userpool.ErrNotAuthorized) || errors.Is(err, userpool.ErrPoolNotFound):
		return nil, true, fmt.Errorf("%w: %w", sts.ErrInvalidToken, err)
	case err != nil:
		return nil, true, err
	case !l.now().Before(c.Expires):
		return nil, true, sts.ErrTokenExpired
	}
	return c.Raw, true, nil
}
