package userpool_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/look"
)

var png = append([]byte("\x89PNG\r\n\x1a\n"), "a picture"...)

func asset(category, mode string, body []byte) userpool.Asset {
	return userpool.Asset{Category: category, Mode: mode, Image: userpool.Image{Type: "png", Body: body}}
}

func (e *estate) brand(c *userpool.Client, change func(*userpool.Branding)) (*userpool.Branding, error) {
	b := &userpool.Branding{Pool: c.Pool, Client: c.ID, Settings: []byte(`{}`)}
	change(b)
	return e.CreateBranding(e.Context(), b)
}

func TestBrandingRoundTrip(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(func(*userpool.Pool) {}), func(*userpool.Client) {})
	made, err := e.brand(c, func(b *userpool.Branding) {
		b.Settings = []byte(`{"mine":1}`)
		b.Assets = []userpool.Asset{asset("FORM_LOGO", look.Light, png)}
	})
	e.ok(err)
	_, err = e.brand(c, func(*userpool.Branding) {})
	e.refused(err, userpool.ErrBrandingExists, "")
	got, err := e.BrandingOf(t.Context(), c.Pool, c.ID, false)
	e.ok(err)
	same(t, "settings as given", string(got.Settings), `{"mine":1}`)
	same(t, "image", bytes.Equal(got.Assets[0].Image.Body, png), true)
	merged, err := e.Branding(t.Context(), c.Pool, made.ID, true)
	e.ok(err)
	same(t, "merged", strings.Contains(string(merged.Settings), `"mine":1`) && strings.Contains(string(merged.Settings), "primaryButton"), true)
	image, err := e.Image(t.Context(), c.Pool, got.Assets[0].Image.File())
	e.ok(err)
	same(t, "by its file", bytes.Equal(image.Body, png), true)
	for _, file := range []string{"", got.Assets[0].Image.Hash, got.Assets[0].Image.Hash + ".svg", "../" + got.Assets[0].Image.File(), strings.Repeat("Z", 32) + ".png", "\x00"} {
		_, err := e.Image(t.Context(), c.Pool, file)
		e.refused(err, userpool.ErrNotFound, "")
	}
	_, err = e.UpdateBranding(t.Context(), &userpool.Branding{Pool: c.Pool, ID: made.ID, Default: true})
	e.ok(err)
	l, err := e.Look(t.Context(), e.pool(c.Pool), c.ID)
	e.ok(err)
	same(t, "our own look", l == nil, true)
	e.ok(e.DeleteBranding(t.Context(), c.Pool, made.ID))
	_, err = e.Branding(t.Context(), c.Pool, made.ID, false)
	e.refused(err, userpool.ErrNotFound, "branding does not exist")
}

func (e *estate) pool(id userpool.PoolID) *userpool.Pool {
	p, err := e.Pool(e.Context(), id)
	e.ok(err)
	return p
}

func TestBrandingRefused(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(func(*userpool.Pool) {}), func(*userpool.Client) {})
	lite := e.newClient(e.newPool(func(p *userpool.Pool) { p.Tier = userpool.TierLite }), func(*userpool.Client) {})
	_, err := e.brand(lite, func(*userpool.Branding) {})
	e.refused(err, userpool.ErrNotEnabled, "Managed Login")
	_, err = e.brand(&userpool.Client{Pool: lite.Pool, ID: c.ID}, func(*userpool.Branding) {})
	e.refused(err, userpool.ErrNotEnabled, "")
	for text, change := range map[string]func(*userpool.Branding){
		"cannot be combined": func(b *userpool.Branding) { b.Default = true },
		"is required":        func(b *userpool.Branding) { b.Settings = nil },
		"JSON object":        func(b *userpool.Branding) { b.Settings = []byte(`"x"`) },
		"borderRadius":       func(b *userpool.Branding) { b.Settings = []byte(`{"borderRadius":"x"}`) },
		"FORM_LOGO: The image is": func(b *userpool.Branding) {
			b.Assets = []userpool.Asset{asset("FORM_LOGO", look.Light, []byte("<script>"))}
		},
		"more than once": func(b *userpool.Branding) {
			b.Assets = slices.Repeat([]userpool.Asset{asset("FORM_LOGO", look.Light, png)}, 2)
		},
		"An asset can have 1000000": func(b *userpool.Branding) {
			b.Assets = []userpool.Asset{asset("FORM_LOGO", look.Light, make([]byte, 1_000_001))}
		},
		"can have 40 assets": func(b *userpool.Branding) { b.Assets = make([]userpool.Asset, 41) },
	} {
		_, err := e.brand(c, change)
		e.refused(err, userpool.ErrInvalidParameter, text)
	}
	_, err = e.UpdateBranding(t.Context(), &userpool.Branding{Pool: c.Pool, ID: "none", Default: true})
	e.refused(err, userpool.ErrNotFound, "does not exist")
}

// TestWhichLook: managed login where the client has it, unless the domain is set
// to classic pages; the classic customization otherwise, unless the domain is set
// to managed login.
func TestWhichLook(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(*userpool.Pool) {})
	branded, plain := e.newClient(p, func(*userpool.Client) {}), e.newClient(p, func(*userpool.Client) {})
	_, err := e.brand(branded, func(b *userpool.Branding) { b.Assets = []userpool.Asset{asset("FORM_LOGO", look.Dark, png)} })
	e.ok(err)
	_, err = e.SetCustomization(t.Context(), &userpool.Customization{Pool: p.ID, Client: userpool.AllClients}, append(slices.Clone(png), "all"...))
	e.ok(err)
	_, err = e.SetCustomization(t.Context(), &userpool.Customization{Pool: p.ID, Client: plain.ID}, append(slices.Clone(png), "own"...))
	e.ok(err)
	shown := func(client userpool.ClientID) string {
		l, err := e.Look(t.Context(), e.pool(p.ID), client)
		e.ok(err)
		if l == nil || l.Logo == nil {
			return "ours"
		}
		i, err := e.Image(t.Context(), p.ID, l.Logo.File())
		e.ok(err)
		return strings.TrimPrefix(string(i.Body), string(png))
	}
	same(t, "no domain", shown(branded.ID)+"|"+shown(plain.ID)+"|"+shown(""), "|own|all")
	e.ok(e.domain(p.ID, "login"))
	same(t, "classic pages", shown(branded.ID)+"|"+shown(plain.ID), "all|own")
	_, err = e.UpdateDomain(t.Context(), p.ID, "login", userpool.DomainSettings{Version: 2})
	e.ok(err)
	same(t, "managed login", shown(branded.ID)+"|"+shown(plain.ID)+"|"+shown(""), "|ours|ours")
}

func TestCustomizations(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(*userpool.Pool) {})
	c := e.newClient(p, func(*userpool.Client) {})
	other := e.newClient(e.newPool(func(*userpool.Pool) {}), func(*userpool.Client) {})
	set := func(client userpool.ClientID, css string, image []byte) error {
		_, err := e.SetCustomization(t.Context(), &userpool.Customization{Pool: p.ID, Client: client, CSS: css}, image)
		return err
	}
	get := func(client userpool.ClientID) *userpool.Customization {
		c, err := e.Customization(t.Context(), p.ID, client)
		e.ok(err)
		return c
	}
	same(t, "none", get(c.ID).Created.IsZero(), true)
	e.ok(set(userpool.AllClients, ".label-customizable{font-weight:bold}", png))
	same(t, "falls back", get(c.ID).Client, userpool.AllClients)
	e.ok(set(c.ID, "", nil))
	same(t, "its own", string(get(c.ID).Client)+get(c.ID).CSS, string(c.ID))
	e.refused(set(c.ID, "body{color:red}", nil), userpool.ErrInvalidParameter, "selector")
	e.refused(set(c.ID, "", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")), userpool.ErrInvalidParameter, "PNG or JPEG")
	e.refused(set(other.ID, "", nil), userpool.ErrClientNotFound, "")
}

func TestTerms(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(func(*userpool.Pool) {}), func(*userpool.Client) {})
	other := e.newPool(func(*userpool.Pool) {})
	links := map[string]string{"cognito:default": "https://x.test/", "cognito:german": "https://x.test/de", "cognito:chinese-traditional": "https://x.test/tw"}
	add := func(name string, links map[string]string) (*userpool.Terms, error) {
		return e.CreateTerms(t.Context(), &userpool.Terms{Pool: c.Pool, Client: c.ID, Name: name, Source: "LINK", Enforcement: "NONE", Links: links})
	}
	privacy, err := add("privacy-policy", links)
	e.ok(err)
	use, err := add("terms-of-use", links)
	e.ok(err)
	_, err = add("terms-of-use", links)
	e.refused(err, userpool.ErrTermsExist, "terms-of-use")
	for _, bad := range []map[string]string{nil, {"cognito:english": "https://x.test/"}, {"cognito:default": "javascript:alert(1)"},
		{"cognito:default": "http://x.test/"}, {"cognito:default": "https://a@x.test/"}, {"cognito:default": "/terms"}} {
		_, err = add("terms-of-use", bad)
		e.refused(err, userpool.ErrInvalidParameter, "ink")
	}
	of, err := e.TermsOf(t.Context(), c)
	e.ok(err)
	same(t, "order", of[0].Name+" "+of[1].Name, "terms-of-use privacy-policy")
	for tags, want := range map[string]string{"": "", "fr": "", "fr de-AT en": "de", "DE": "de", "zh-Hant-HK": "tw", "zh-TW": "tw", "zh": ""} {
		same(t, "link for "+tags, use.Link(strings.Fields(tags)), "https://x.test/"+want)
	}
	list, next, err := e.ListTerms(t.Context(), c.Pool, "", 1)
	e.ok(err)
	rest, _, err := e.ListTerms(t.Context(), c.Pool, next, 1)
	e.ok(err)
	same(t, "listed", len(list)+len(rest), 2)
	_, err = e.UpdateTerms(t.Context(), c.Pool, use.ID, func(t *userpool.Terms) { t.Name = "privacy-policy" })
	e.refused(err, userpool.ErrTermsExist, "privacy-policy")
	_, err = e.UpdateTerms(t.Context(), c.Pool, use.ID, func(t *userpool.Terms) { t.Links = nil })
	e.refused(err, userpool.ErrInvalidParameter, "Links")
	_, err = e.Terms(t.Context(), other.ID, use.ID)
	e.refused(err, userpool.ErrNotFound, "do not exist")
	e.ok(e.DeleteTerms(t.Context(), c.Pool, privacy.ID))
	e.refused(e.DeleteTerms(t.Context(), c.Pool, privacy.ID), userpool.ErrNotFound, "do not exist")
}
