package demo

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/internal/web"
)

const samlSession = "demo_saml"

// A samlApp is a SAML service provider.
type samlApp struct{ sp saml.ServiceProvider }

// SAMLMetadata is the metadata of the app, for its registration in the pool.
func (a *App) SAMLMetadata() (string, error) {
	sp := a.serviceProvider()
	b, err := xml.Marshal(sp.Metadata())
	return string(b), err
}

func (a *App) serviceProvider() saml.ServiceProvider {
	at := func(path string) url.URL {
		u, err := url.Parse(a.URL + path)
		if err != nil {
			panic(err) // the public URL was parsed at start-up
		}
		return *u
	}
	return saml.ServiceProvider{
		EntityID:          a.URL + "/demo/saml/metadata",
		MetadataURL:       at("/demo/saml/metadata"),
		AcsURL:            at("/demo/saml/acs"),
		SloURL:            at("/demo/saml/logout"),
		AuthnNameIDFormat: saml.EmailAddressNameIDFormat,
	}
}

func (a *App) openSAML(ctx context.Context) (*samlApp, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/"+demodata.PoolID+"/saml/metadata", nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metadata: status %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	app := &samlApp{a.serviceProvider()}
	app.sp.IDPMetadata = new(saml.EntityDescriptor)
	return app, xml.Unmarshal(b, app.sp.IDPMetadata)
}

func (a *App) samlHome(w http.ResponseWriter, r *http.Request) error {
	s := a.session(r, samlSession)
	v := a.view("SAML app")
	v.User, _ = s.Values["user"].(string)
	v.Claims = claimsOf(s)
	return a.pages.Render(w, http.StatusOK, "saml.html", v)
}

func (a *App) samlMetadata(w http.ResponseWriter, _ *http.Request) error {
	text, err := a.SAMLMetadata()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, err = io.WriteString(w, text)
	return err
}

func (a *App) samlLogin(w http.ResponseWriter, r *http.Request) error {
	app, err := a.saml.get(r.Context())
	if err != nil {
		return unavailable("the identity provider's metadata", err)
	}
	req, err := app.sp.MakeAuthenticationRequest(app.sp.GetSSOBindingLocation(saml.HTTPRedirectBinding), saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return err
	}
	target, err := req.Redirect("", &app.sp)
	if err != nil {
		return err
	}
	s := a.session(r, samlSession)
	s.Values = map[any]any{"request": req.ID}
	if err := s.Save(r, w); err != nil {
		return err
	}
	http.Redirect(w, r, target.String(), http.StatusSeeOther)
	return nil
}

// maxForm bounds what the assertion consumer service reads.
const maxForm = 256 << 10

func (a *App) samlACS(w http.ResponseWriter, r *http.Request) error {
	app, err := a.saml.get(r.Context())
	if err != nil {
		return unavailable("the identity provider's metadata", err)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return web.Fail(http.StatusBadRequest, "The form was incomplete.", err)
	}
	s := a.session(r, samlSession)
	request, _ := s.Values["request"].(string)
	assertion, err := app.sp.ParseResponse(r, []string{request})
	if err != nil {
		return web.Fail(http.StatusForbidden, "The app did not accept the SAML response. Start again from the app.", err)
	}
	if err := a.signedIn(w, r, s, assertion.Subject.NameID.Value, attributes(assertion)); err != nil {
		return err
	}
	http.Redirect(w, r, "/demo/saml/", http.StatusSeeOther)
	return nil
}

func attributes(assertion *saml.Assertion) (list []claim) {
	list = append(list, claim{"NameID", assertion.Subject.NameID.Value})
	for _, s := range assertion.AttributeStatements {
		for _, attr := range s.Attributes {
			for _, v := range attr.Values {
				list = append(list, claim{attr.Name, v.Value})
			}
		}
	}
	return list
}

func (a *App) samlLogout(w http.ResponseWriter, r *http.Request) error {
	if err := a.signedOut(w, r, samlSession); err != nil {
		return err
	}
	http.Redirect(w, r, "/demo/saml/", http.StatusSeeOther)
	return nil
}
