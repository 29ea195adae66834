package server

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp/approval"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/idp/oidcop"
	"github.com/poolhouse/poolhouse/idp/providerlogout"
	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/idp/registration"
	"github.com/poolhouse/poolhouse/idp/requestobject"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/server/cloudtrailapi"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/static"
	"github.com/poolhouse/poolhouse/sts/cognitoidentity"
	"github.com/poolhouse/poolhouse/sts/iamapi"
	"github.com/poolhouse/poolhouse/sts/stsapi"
	"github.com/poolhouse/poolhouse/sync/cognitosync"
	"github.com/poolhouse/poolhouse/templates"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// wire opens the stores and joins stores, services and handlers.
func (s *Server) wire(ctx context.Context, now func() time.Time) (http.Handler, error) {
	st, err := s.openStores(ctx, now)
	if err != nil {
		return nil, err
	}
	url := s.URL()
	if err := s.ensureRootKey(ctx, st.keys); err != nil {
		return nil, err
	}
	if err := s.build(s.cfg, st, url, now); err != nil {
		return nil, err
	}
	if err := s.openGateway(ctx, st, now); err != nil {
		return nil, err
	}
	aws, err := s.awsAPIs(ctx, st, now)
	if err != nil {
		return nil, err
	}
	if err := s.openAuthz(ctx, st, now); err != nil {
		return nil, err
	}
	proxies, err := s.cfg.proxies()
	if err != nil {
		return nil, err
	}
	from, m, mux := origin{proxies}, newMetrics(), http.NewServeMux()
	if s.pageMux, err = s.pages(ctx, st, url, now); err != nil {
		return nil, err
	}
	m.registry.MustRegister(append(auditMetrics(s.audit), s.decisions.metrics()...)...)
	m.registry.MustRegister(liveMetrics(s.live))
	m.registry.MustRegister(copyMetrics(s.copier, now)...)
	s.health(mux, st.checks())
	m.mount(mux, from)
	mux.Handle("/static/", static.Handler())
	mux.Handle("/identity/.well-known/", s.identityDocuments())
	mux.Handle("/sts/"+s.cfg.Account+"/.well-known/", s.outboundDocuments())
	mux.Handle("/", s.witness(s.paced(s.pageMux)))
	return s.edge(from, m.observe(apisOr(aws, mux))), nil
}

// awsAPIs joins the operations of all services into one handler.
func (s *Server) awsAPIs(ctx context.Context, st *stores, now func() time.Time) (*awsapi.Handler, error) {
	if err := s.openAudit(ctx, st, now); err != nil {
		return nil, err
	}
	log := s.audit
	s.Sessions.Audit = auditor{log, s.cfg.Region, s.cfg.Account}
	access := &stsapi.Access{Service: s.STS}
	var limiter awsapi.Limiter
	if s.Limits != nil {
		limiter = &throttle{pools: &cognitoidp.API{Pools: s.Pools, Tokens: s.Tokens}, limits: s.Limits}
	}
	return awsapi.NewHandler(awsapi.Config{
		Limiter: limiter, Services: s.apis(s.cfg, access, log), Credentials: access, Authorizer: access, Used: access, Audit: log,
		Repeats: &awsapi.Repeats{Store: st.ephemeral(), Sealer: st.keys},
		Region:  s.cfg.Region, Account: s.cfg.Account, Now: now, Log: s.log,
	})
}

// apis is the operation table of the server.
func (s *Services) apis(cfg Config, access *stsapi.Access, log *audit.Log) []awsapi.Service {
	return []awsapi.Service{
		(&cognitoidp.API{Pools: s.Pools, Auth: s.Auth, Tokens: s.Tokens, SAML: s.samlSP, Completer: s.oidcRP, Authorizer: access}).Service(),
		(&cognitoidentity.API{Pools: s.Identity, Authorizer: access, Audit: log, Region: cfg.Region, Account: cfg.Account}).Service(),
		(&cognitosync.API{Datasets: s.Datasets, Settings: s.SyncSettings, Live: s.live, Devices: s.devices, Identities: identities{s.Identity}, Region: cfg.Region, Account: cfg.Account}).Service(),
		(&stsapi.API{STS: s.STS}).Service(),
		(&iamapi.API{STS: s.STS, Authorizer: access}).Service(),
		s.senders.Service(),
		(&cloudtrailapi.API{Log: log, Sealer: s.sealer}).Service(),
		(&poolhouseapi.API{Apps: s.Apps, Pools: s.Pools, Tokens: s.Tokens, Consents: s.consents, Deliveries: s.deliveries, STS: s.STS, Region: cfg.Region, Account: cfg.Account}).Service(),
	}
}

// pages joins everything that browsers and apps visit.
func (s *Server) pages(ctx context.Context, st *stores, url string, now func() time.Time) (*web.Mux, error) {
	secret, err := st.keys.Secret(ctx, "forms")
	if err != nil {
		return nil, err
	}
	issuer := func(pool userpool.PoolID) string { return url + "/" + string(pool) }
	store, ephemeral := st.db.Userpool(st.keys), st.ephemeral()
	sessions := &browser.Store{Sessions: s.Sessions, Secure: secure(url)}
	gate := &login.Gate{Browser: sessions, Ephemeral: ephemeral, Now: now, Log: s.log}
	forms := &web.Forms{Secret: secret, Secure: secure(url)}
	views, err := web.ParsePages(templates.FS, "login", static.Path)
	if err != nil {
		return nil, err
	}
	texts, err := words.Parse(templates.FS, "login/locales", "en")
	if err != nil {
		return nil, err
	}
	hosted := &login.Handler{Store: store, Passwords: s.Auth, Accounts: s.Pools, Looks: s.Pools, Browser: sessions, Gate: gate, Ephemeral: ephemeral, Limits: s.Limits,
		Forms: forms, Sealer: st.keys, Pages: views, Words: texts, Now: now, Log: s.log}
	mux := web.NewMux(s.log, login.ErrorPage(views, texts))
	if err := mux.TrustOrigin(url); err != nil {
		return nil, err
	}
	hosted.Mount(mux)
	s.federate(mux, hosted, store, ephemeral, st.keys, url, now)
	mux.LargeEndpoint("PUT /{pool}/imports/{job}", maxUpload, s.uploadImport)
	leaving := &chain.Handler{Store: store, Browser: sessions, Participants: st.participants(), Clients: s.SignOut, Pages: hosted, Ephemeral: ephemeral, Bases: poolAddresses(url), Now: now, Log: s.log,
		Providers: leavers{s}, Answerers: map[string]chain.Answerer{providerlogout.Goal: s.samlSP},
		Secure: secure(url), Script: static.Path("post.js"), Wording: hosted.PostText}
	leaving.Mount(mux)
	(&providerlogout.Handler{Limiter: hosted, Store: store, Receiver: s.samlSP, Browser: sessions, Chain: leaving, Ephemeral: ephemeral, Now: now}).Mount(mux)
	op := &oidcop.Handler{Store: store, Tokens: s.Tokens, Grants: st.db.IDP(), Browser: sessions, Gate: gate, SignOut: s.SignOut, Limits: s.Limits, Issuer: issuer,
		Script: static.Path("post.js"), Now: now, Log: s.log}
	if op.Clients, err = s.clientAuthentication(store, ephemeral, issuer, now); err != nil {
		return nil, err
	}
	op.Waiting = &decoupled.Store{Ephemeral: ephemeral, Keys: st.keys, Now: now}
	(&approval.Handler{Store: store, Waiting: op.Waiting, Login: hosted, Gate: gate, Ephemeral: ephemeral,
		Caller: outbound.New(s.cfg.AllowPrivateFetch), Log: s.log}).Mount(mux)
	op.Inviter = &approval.Inviter{Messages: s.Pools.Messages, Words: texts}
	if op.Proofs, err = proofs(ctx, st.keys, ephemeral, now); err != nil {
		return nil, err
	}
	if op.ConsentKey, err = st.keys.Secret(ctx, "consent"); err != nil {
		return nil, err
	}
	op.Consents, op.Hosted = s.consents, hosted
	op.Requests = &pushed.Store{Ephemeral: ephemeral, Now: now}
	op.Objects = &requestobject.Reader{Remote: s.remoteKeys, Keys: s.Tokens.RequestKeys, Fetch: s.remoteKeys.Fetch, Issuer: issuer, Now: now}
	op.MutualTLS = s.cfg.mutualTLS(url)
	op.Pages, op.Leaving = hosted, leaving
	op.Mount(mux)
	(&registration.Handler{Clients: s.Pools, Ephemeral: ephemeral, Limits: s.Limits, Issuer: issuer, Log: s.log}).Mount(mux)
	s.samlIDP = &samlidp.Handler{Apps: st.db.SAML(), Directory: store, Gate: gate, Keys: st.keys, Ephemeral: ephemeral, Issuer: issuer, Now: now, Log: s.log,
		Secure: secure(url), Script: static.Path("post.js"), Wording: hosted.PostText, Participants: st.participants(), Leaving: leaving, Events: s.Sessions,
		Passwords: s.Auth, Limiter: hosted, Caller: outbound.New(s.cfg.AllowPrivateFetch)}
	s.samlIDP.Mount(mux)
	leaving.Apps = s.samlIDP
	maps.Copy(leaving.Answerers, s.samlIDP.Answerers())
	s.samlSP.Mount(mux)
	if err := s.addDemo(mux, url); err != nil {
		return nil, err
	}
	return mux, nil
}

// apisOr sends AWS calls to the APIs and everything else to next.
func apisOr(aws *awsapi.Handler, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if aws.Matches(r) {
			aws.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
