// Package demo is what `poolhouse demo` adds to a server: seeded data, a SAML
// app and an OpenID app to sign in to, and a viewer for the mails that were
// sent. The apps use stock libraries and know the server by its URL alone.
package demo

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/internal/web"
)

// An App is the demo's pages.
type App struct {
	URL   string // of the server, without a slash at the end
	Mail  *Mailbox
	pages *web.Pages

	sessions *sessions.CookieStore
	http     *http.Client
	saml     lazy[*samlApp]
	oidc     lazy[*oidcApp]
}

// New returns the pages. templates holds the folder demo; asset turns the name
// of a static file into its address.
func New(url string, mail *Mailbox, templates fs.FS, asset func(string) string) (*App, error) {
	pages, err := web.ParsePages(templates, "demo", asset)
	if err != nil {
		return nil, err
	}
	// The keys die with the process: so do the sign-ins to the demo's apps.
	hash, block := make([]byte, 32), make([]byte, 32)
	rand.Read(hash)
	rand.Read(block)
	store := sessions.NewCookieStore(hash, block)
	store.Options = &sessions.Options{Path: "/demo/", MaxAge: 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	a := &App{URL: url, Mail: mail, pages: pages, sessions: store, http: &http.Client{Timeout: 10 * time.Second}}
	a.saml.open, a.oidc.open = a.openSAML, a.openOIDC
	return a, nil
}

// Mount adds the pages below /demo/.
func (a *App) Mount(mux *web.Mux) {
	mux.Get("/demo/{$}", a.index)
	mux.Get("/demo/mail", a.mail)
	mux.Get("/demo/sync/{$}", a.sync)
	mux.Get("/demo/saml/{$}", a.samlHome)
	mux.Get("/demo/saml/login", a.samlLogin)
	mux.Get("/demo/saml/metadata", a.samlMetadata)
	mux.Endpoint("POST /demo/saml/acs", a.samlACS)
	mux.Get("/demo/saml/logout", a.samlLogout)
	mux.Get("/demo/oidc/{$}", a.oidcHome)
	mux.Get("/demo/oidc/login", a.oidcLogin)
	mux.Get("/demo/oidc/callback", a.oidcCallback)
	mux.Get("/demo/oidc/logout", a.oidcLogout)
}

// view is what every page of the demo shows.
type view struct {
	Title                           string
	People                          []demodata.Person
	Pool, Client, IdentityPool, URL string

	User   string  // signed in to the app on the page, or empty
	Claims []claim // what the app was told of the user
	Mails  []Message
}

// A claim is one line of what an app was told.
type claim struct{ Name, Value string }

func (a *App) view(title string) view {
	return view{Title: title, People: []demodata.Person{demodata.Alice, demodata.Bob},
		Pool: demodata.PoolID, Client: demodata.ClientID, IdentityPool: demodata.IdentityPool, URL: a.URL}
}

func (a *App) index(w http.ResponseWriter, _ *http.Request) error {
	return a.pages.Render(w, http.StatusOK, "index.html", a.view("Poolhouse demo"))
}

func (a *App) mail(w http.ResponseWriter, _ *http.Request) error {
	v := a.view("Mail")
	v.Mails = a.Mail.Messages()
	return a.pages.Render(w, http.StatusOK, "mail.html", v)
}

// sync shows two devices that talk to the AWS APIs of the server.
func (a *App) sync(w http.ResponseWriter, _ *http.Request) error {
	web.AllowCalls(w.Header())
	return a.pages.Render(w, http.StatusOK, "sync.html", a.view("Data that syncs"))
}

// unavailable reports that an app could not reach its identity provider.
func unavailable(what string, err error) error {
	return web.Fail(http.StatusBadGateway, "The demo's app could not read "+what+".", fmt.Errorf("demo: %w", err))
}
