package userpooltest

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var brandingChecks = []storeCheck{
	{"brandings", testBrandings},
	{"customizations", testCustomizations},
	{"terms", testTerms},
	{"logos of clients", testLogos},
	{"branding goes with its client and its pool", testBrandingGoes},
}

func (f *fixture) client(t *testing.T, pool userpool.PoolID, id userpool.ClientID) {
	t.Helper()
	check(t, f.CreateClient(t.Context(), &userpool.Client{ID: id, Pool: pool}))
}

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func logo(hash string) userpool.Asset {
	return userpool.Asset{Category: "FORM_LOGO", Mode: "LIGHT", Image: userpool.Image{Hash: hash, Type: "png", Body: []byte("body of " + hash)}}
}

func testBrandings(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.pool(t, "us-east-1_A")
	f.pool(t, "us-east-1_B")
	f.client(t, "us-east-1_A", "c1")
	b := &userpool.Branding{ID: "b1", Pool: "us-east-1_A", Client: "c1", Settings: []byte(`{"a":1}`), Created: day, Modified: day,
		Assets: []userpool.Asset{logo("h1"), logo("h1"), logo("h2")}}
	check(t, f.CreateBranding(ctx, b))
	wantErr(t, f.CreateBranding(ctx, &userpool.Branding{ID: "b2", Pool: "us-east-1_A", Client: "c1"}), userpool.ErrBrandingExists)
	wantErr(t, f.CreateBranding(ctx, &userpool.Branding{ID: "b2", Pool: "us-east-1_B", Client: "c1"}), userpool.ErrClientNotFound)
	got, err := f.BrandingOf(ctx, "us-east-1_A", "c1")
	check(t, err)
	equal(t, "branding", string(got.Settings)+" "+got.Assets[2].Image.Hash, `{"a":1} h2`)
	equal(t, "no settings", noSettings(t, f), "")
	equal(t, "bodies in the record", len(got.Assets[0].Image.Body), 0)
	image, err := f.Image(ctx, "us-east-1_A", "h1")
	check(t, err)
	equal(t, "image", string(image.Body)+" "+image.Type, "body of h1 png")
	_, err = f.Image(ctx, "us-east-1_B", "h1")
	wantErr(t, err, userpool.ErrNotFound)
	for _, other := range []func() error{
		func() error { _, err := f.Branding(ctx, "us-east-1_B", "b1"); return err },
		func() error { _, err := f.BrandingOf(ctx, "us-east-1_B", "c1"); return err },
		func() error { return f.DeleteBranding(ctx, "us-east-1_B", "b1") },
		func() error { return f.ReplaceBranding(ctx, &userpool.Branding{ID: "b1", Pool: "us-east-1_B"}) },
	} {
		wantErr(t, other(), userpool.ErrNotFound)
	}
	next := &userpool.Branding{ID: "b1", Pool: "us-east-1_A", Client: "c9", Modified: day.Add(time.Hour), Assets: []userpool.Asset{logo("h3")}}
	check(t, f.ReplaceBranding(ctx, next))
	got, err = f.Branding(ctx, "us-east-1_A", "b1")
	check(t, err)
	equal(t, "client and creation stay", string(got.Client)+got.Created.String(), "c1"+day.String())
	_, err = f.Image(ctx, "us-east-1_A", "h1")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = f.Image(ctx, "us-east-1_A", "h3")
	check(t, err)
	check(t, f.DeleteBranding(ctx, "us-east-1_A", "b1"))
	_, err = f.Image(ctx, "us-east-1_A", "h3")
	wantErr(t, err, userpool.ErrNotFound)
	wantErr(t, f.DeleteBranding(ctx, "us-east-1_A", "b1"), userpool.ErrNotFound)
}

func testCustomizations(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.pool(t, "us-east-1_A")
	f.pool(t, "us-east-1_B")
	f.client(t, "us-east-1_A", "c1")
	put := func(pool userpool.PoolID, client userpool.ClientID, css, image string) error {
		c := &userpool.Customization{Pool: pool, Client: client, CSS: css, Created: day, Modified: day}
		if image != "" {
			c.Image = &userpool.Image{Hash: image, Type: "png", Body: []byte(image)}
		}
		return f.PutCustomization(ctx, c)
	}
	check(t, put("us-east-1_A", userpool.AllClients, "all", "h1"))
	check(t, put("us-east-1_B", userpool.AllClients, "b", ""))
	check(t, put("us-east-1_A", "c1", "own", ""))
	wantErr(t, put("us-east-1_B", "c1", "theirs", ""), userpool.ErrClientNotFound)
	_, err := f.Customization(ctx, "us-east-1_B", "c1")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = f.Image(ctx, "us-east-1_A", "h1")
	check(t, err)
	check(t, put("us-east-1_A", userpool.AllClients, "all again", ""))
	_, err = f.Image(ctx, "us-east-1_A", "h1")
	wantErr(t, err, userpool.ErrNotFound)
	got, err := f.Customization(ctx, "us-east-1_A", userpool.AllClients)
	check(t, err)
	equal(t, "CSS", got.CSS, "all again")
	equal(t, "image", got.Image == nil, true)
	got, err = f.Customization(ctx, "us-east-1_A", "c1")
	check(t, err)
	equal(t, "own CSS", got.CSS, "own")
}

func testTerms(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.pool(t, "us-east-1_A")
	f.pool(t, "us-east-1_B")
	f.client(t, "us-east-1_A", "c1")
	f.client(t, "us-east-1_A", "c2")
	add := func(id string, pool userpool.PoolID, client userpool.ClientID, name string) error {
		return f.CreateTerms(ctx, &userpool.Terms{ID: id, Pool: pool, Client: client, Name: name, Links: map[string]string{"cognito:default": "https://x"}, Created: day})
	}
	check(t, add("t1", "us-east-1_A", "c1", "terms-of-use"))
	check(t, add("t2", "us-east-1_A", "c1", "privacy-policy"))
	check(t, add("t3", "us-east-1_A", "c2", "terms-of-use"))
	wantErr(t, add("t4", "us-east-1_A", "c1", "terms-of-use"), userpool.ErrTermsExist)
	wantErr(t, add("t4", "us-east-1_B", "c1", "terms-of-use"), userpool.ErrClientNotFound)
	page, next, err := f.TermsPage(ctx, "us-east-1_A", "", 2)
	check(t, err)
	equal(t, "page", page[0].ID+page[1].ID+next, "t1t2t2")
	page, next, err = f.TermsPage(ctx, "us-east-1_A", next, 2)
	check(t, err)
	equal(t, "last page", page[0].ID+next, "t3")
	of, err := f.TermsOf(ctx, "us-east-1_A", "c1")
	check(t, err)
	equal(t, "of the client", of[0].Name+" "+of[1].Links["cognito:default"], "privacy-policy https://x")
	_, err = f.UpdateTerms(ctx, "us-east-1_A", "t1", func(t *userpool.Terms) error { t.Name = "privacy-policy"; return nil })
	wantErr(t, err, userpool.ErrTermsExist)
	_, err = f.UpdateTerms(ctx, "us-east-1_B", "t1", func(*userpool.Terms) error { return nil })
	wantErr(t, err, userpool.ErrNotFound)
	got, err := f.UpdateTerms(ctx, "us-east-1_A", "t1", func(t *userpool.Terms) error { t.Client, t.Enforcement = "c2", "NONE"; return nil })
	check(t, err)
	equal(t, "client stays", string(got.Client)+got.Enforcement, "c1NONE")
	wantErr(t, f.DeleteTerms(ctx, "us-east-1_B", "t1"), userpool.ErrNotFound)
	check(t, f.DeleteTerms(ctx, "us-east-1_A", "t1"))
	_, err = f.Terms(ctx, "us-east-1_A", "t1")
	wantErr(t, err, userpool.ErrNotFound)
}

func testBrandingGoes(t *testing.T, f *fixture) {
	ctx := t.Context()
	fill := func() {
		f.client(t, "us-east-1_A", "c1")
		check(t, f.CreateBranding(ctx, &userpool.Branding{ID: "b1", Pool: "us-east-1_A", Client: "c1", Assets: []userpool.Asset{logo("h1")}}))
		check(t, f.PutCustomization(ctx, &userpool.Customization{Pool: "us-east-1_A", Client: "c1", Image: &userpool.Image{Hash: "h2", Body: []byte("x")}}))
		check(t, f.CreateTerms(ctx, &userpool.Terms{ID: "t1", Pool: "us-east-1_A", Client: "c1", Name: "terms-of-use"}))
	}
	gone := func() {
		t.Helper()
		_, err := f.Branding(ctx, "us-east-1_A", "b1")
		wantErr(t, err, userpool.ErrNotFound)
		_, err = f.Customization(ctx, "us-east-1_A", "c1")
		wantErr(t, err, userpool.ErrNotFound)
		_, err = f.Terms(ctx, "us-east-1_A", "t1")
		wantErr(t, err, userpool.ErrNotFound)
		for _, hash := range []string{"h1", "h2", "h3"} {
			_, err = f.Image(ctx, "us-east-1_A", hash)
			wantErr(t, err, userpool.ErrNotFound)
		}
	}
	f.pool(t, "us-east-1_A")
	fill()
	check(t, f.DeleteClient(ctx, "us-east-1_A", "c1"))
	gone()
	fill()
	check(t, f.PutCustomization(ctx, &userpool.Customization{Pool: "us-east-1_A", Client: userpool.AllClients, Image: &userpool.Image{Hash: "h3", Body: []byte("x")}}))
	check(t, f.DeletePool(ctx, "us-east-1_A"))
	f.pool(t, "us-east-1_A")
	gone()
	_, err := f.Customization(ctx, "us-east-1_A", userpool.AllClients)
	wantErr(t, err, userpool.ErrNotFound)
}

// noSettings returns what comes back of a branding that has none.
func noSettings(t *testing.T, f *fixture) string {
	t.Helper()
	f.client(t, "us-east-1_A", "c2")
	check(t, f.CreateBranding(t.Context(), &userpool.Branding{ID: "b3", Pool: "us-east-1_A", Client: "c2", Assets: []userpool.Asset{logo("h9")}}))
	got, err := f.BrandingOf(t.Context(), "us-east-1_A", "c2")
	check(t, err)
	return string(got.Settings)
}

func testLogos(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.pool(t, "us-east-1_A")
	of := func(hash string) *userpool.Logo {
		return &userpool.Logo{URI: "https://app.example/logo", Image: userpool.Image{Hash: hash, Type: "png", Body: []byte("body of " + hash)}}
	}
	stored := func(hash string) bool {
		t.Helper()
		_, err := f.Image(ctx, "us-east-1_A", hash)
		if err != nil {
			wantErr(t, err, userpool.ErrNotFound)
		}
		return err == nil
	}
	set := func(l *userpool.Logo) *userpool.Logo {
		t.Helper()
		_, err := f.UpdateClient(ctx, "us-east-1_A", "c1", func(c *userpool.Client) error { c.OpenID.Logo = l; return nil })
		check(t, err)
		c, err := f.Client(ctx, "c1")
		check(t, err)
		return c.OpenID.Logo
	}
	check(t, f.CreateClient(ctx, &userpool.Client{ID: "c1", Pool: "us-east-1_A", OpenID: userpool.OpenIDClient{Logo: of("h1")}}))
	c, err := f.Client(ctx, "c1")
	check(t, err)
	equal(t, "logo", c.OpenID.Logo.URI+" "+c.OpenID.Logo.File(), "https://app.example/logo h1.png")
	equal(t, "body in the record", len(c.OpenID.Logo.Body), 0)
	_, err = f.UpdateClient(ctx, "us-east-1_A", "c1", func(c *userpool.Client) error { c.Name = "other"; return nil })
	check(t, err)
	equal(t, "an update of something else", stored("h1"), true)
	equal(t, "new logo", set(of("h2")).Hash, "h2")
	equal(t, "old one", stored("h1"), false)
	equal(t, "new one", stored("h2"), true)
	stale := of("h1")
	stale.Body = nil
	equal(t, "a logo that another writer replaced", set(stale) == nil, true)
	equal(t, "what it was", stored("h1") || stored("h2"), false)
	set(of("h3"))
	check(t, f.DeleteClient(ctx, "us-east-1_A", "c1"))
	equal(t, "after the client", stored("h3"), false)
}
