package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gorilla/sessions"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/internal/web"
)

const oidcSession = "demo_oidc"

// An oidcApp is a confidential OpenID Connect client.
type oidcApp struct {
	provider *oidc.Provider
	conf     oauth2.Config
}

func (a *App) openOIDC(ctx context.Context) (*oidcApp, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, a.http), a.URL+"/"+demodata.PoolID)
	if err != nil {
		return nil, err
	}
	return &oidcApp{provider, oauth2.Config{ClientID: demodata.WebClientID, ClientSecret: demodata.WebSecret,
		Endpoint: provider.Endpoint(), RedirectURL: a.URL + "/demo/oidc/callback", Scopes: []string{"openid", "email", "profile"}}}, nil
}

func (a *App) oidcHome(w http.ResponseWriter, r *http.Request) error {
	s := a.session(r, oidcSession)
	v := a.view("OpenID app")
	v.User, _ = s.Values["user"].(string)
	v.Claims = claimsOf(s)
	return a.pages.Render(w, http.StatusOK, "oidc.html", v)
}

func (a *App) oidcLogin(w http.ResponseWriter, r *http.Request) error {
	app, err := a.oidc.get(r.Context())
	if err != nil {
		return unavailable("the OpenID provider's configuration", err)
	}
	s := a.session(r, oidcSession)
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	s.Values = map[any]any{"state": state, "nonce": nonce, "verifier": verifier}
	if err := s.Save(r, w); err != nil {
		return err
	}
	http.Redirect(w, r, app.conf.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
	return nil
}

func (a *App) oidcCallback(w http.ResponseWriter, r *http.Request) error {
	app, err := a.oidc.get(r.Context())
	if err != nil {
		return unavailable("the OpenID provider's configuration", err)
	}
	s := a.session(r, oidcSession)
	claims, err := app.redeem(oidc.ClientContext(r.Context(), a.http), s, r.URL.Query())
	if err != nil {
		return web.Fail(http.StatusBadRequest, "The sign-in was not completed. Start again from the app.", err)
	}
	list := make([]claim, 0, len(claims))
	for name, value := range claims {
		list = append(list, claim{name, fmt.Sprint(value)})
	}
	if err := a.signedIn(w, r, s, fmt.Sprint(claims["email"]), list); err != nil {
		return err
	}
	http.Redirect(w, r, "/demo/oidc/", http.StatusSeeOther)
	return nil
}

// redeem checks state and nonce, and exchanges the code for a verified ID token.
func (app *oidcApp) redeem(ctx context.Context, s *sessions.Session, q url.Values) (map[string]any, error) {
	state, _ := s.Values["state"].(string)
	nonce, _ := s.Values["nonce"].(string)
	verifier, _ := s.Values["verifier"].(string)
	if state == "" || q.Get("state") != state {
		return nil, fmt.Errorf("state does not match; error %q", q.Get("error"))
	}
	token, err := app.conf.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := app.provider.Verifier(&oidc.Config{ClientID: app.conf.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if id.Nonce != nonce {
		return nil, fmt.Errorf("nonce does not match")
	}
	var claims map[string]any
	return claims, id.Claims(&claims)
}

func (a *App) oidcLogout(w http.ResponseWriter, r *http.Request) error {
	if err := a.signedOut(w, r, oidcSession); err != nil {
		return err
	}
	q := url.Values{"client_id": {demodata.WebClientID}, "logout_uri": {a.URL + "/demo/oidc/"}}
	http.Redirect(w, r, a.URL+"/"+demodata.PoolID+"/logout?"+q.Encode(), http.StatusSeeOther)
	return nil
}

// session returns the app's session. A cookie of an earlier process does not
// decode; the session is then a new one.
func (a *App) session(r *http.Request, name string) *sessions.Session {
	s, err := a.sessions.Get(r, name)
	if err != nil {
		s = sessions.NewSession(a.sessions, name)
		s.Options = a.sessions.Options
		s.IsNew = true
	}
	return s
}

// signedIn keeps who signed in, and what the app was told.
func (a *App) signedIn(w http.ResponseWriter, r *http.Request, s *sessions.Session, user string, claims []claim) error {
	slices.SortFunc(claims, func(x, y claim) int { return strings.Compare(x.Name, y.Name) })
	b, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	s.Values = map[any]any{"user": user, "claims": string(b)}
	return s.Save(r, w)
}

func (a *App) signedOut(w http.ResponseWriter, r *http.Request, name string) error {
	s := a.session(r, name)
	s.Values = map[any]any{}
	return s.Save(r, w)
}

func claimsOf(s *sessions.Session) (list []claim) {
	text, _ := s.Values["claims"].(string)
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}
