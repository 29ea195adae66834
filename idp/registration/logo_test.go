package registration_test

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// picture draws nothing, of a size, in a format.
func picture(t *testing.T, width, height int, format string) string {
	t.Helper()
	var out bytes.Buffer
	i := image.NewGray(image.Rect(0, 0, width, height))
	err := map[string]func() error{"png": func() error { return png.Encode(&out, i) }, "jpeg": func() error { return jpeg.Encode(&out, i, nil) },
		"gif": func() error { return gif.Encode(&out, i, nil) }}[format]()
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// logo is what the server keeps of a client's logo.
func (d *desk) logo(client m) *userpool.Logo {
	d.t.Helper()
	c, err := d.store.Client(d.t.Context(), userpool.ClientID(client["client_id"].(string)))
	d.must(err)
	return c.OpenID.Logo
}

// TestLogo: images are kept as they were, and nothing else is, whatever it is called.
// A client registers all the same.
func TestLogo(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	whole := picture(t, 40, 20, "png")
	for name, tt := range map[string]struct{ body, kind string }{
		"PNG": {whole, "png"}, "JPEG": {picture(t, 40, 20, "jpeg"), "jpeg"},
		"GIF":                   {picture(t, 40, 20, "gif"), ""},
		"drawing":               {`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>`, ""},
		"drawing with a script": {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, ""},
		"page":                  {"<!doctype html><script>alert(1)</script>", ""},
		"nothing":               {"", ""},
		"PNG by name alone":     {whole[:8] + "<script>alert(1)</script>", ""},
		"header cut":            {whole[:20], ""},
		"wide":                  {picture(t, 3000, 1, "png"), ""},
		"high":                  {picture(t, 1, 3000, "png"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			address := "https://rp.example/" + strings.ReplaceAll(name, " ", "-") + ".png"
			d.sector[address] = tt.body
			out := d.mustRegister(m{"redirect_uris": callback, "logo_uri": address})
			got := d.logo(out)
			if out["logo_uri"] != address || (got != nil) != (tt.kind != "") || got != nil && (got.Type != tt.kind || got.URI != address) {
				t.Fatalf("%+v of %v", got, out)
			}
			if got == nil {
				return
			}
			image, err := d.service.Image(t.Context(), pool, got.File())
			if err != nil || string(image.Body) != tt.body {
				t.Errorf("%v, %v", image, err)
			}
		})
	}
	for name, address := range map[string]string{"inside": "https://127.0.0.1/logo.png", "of a cloud": "https://169.254.169.254/logo.png"} {
		if got := d.logo(d.mustRegister(m{"redirect_uris": callback, "logo_uri": address})); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLogoChanges: a logo stays while its address does, also where that is out of
// reach for a while, and goes with it.
func TestLogoChanges(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	const address = "https://rp.example/logo.png"
	d.sector[address] = picture(t, 40, 20, "png")
	body := m{"redirect_uris": callback, "logo_uri": address}
	client := d.mustRegister(body)
	first := d.logo(client)
	change := func(address any) *userpool.Logo {
		t.Helper()
		next := m{"redirect_uris": callback, "client_id": client["client_id"], "logo_uri": address}
		status, out := d.call("PUT", client["registration_client_uri"].(string), client["registration_access_token"].(string), next)
		if status != 200 {
			t.Fatalf("%d %v", status, out)
		}
		client = out
		return d.logo(client)
	}
	kept := func(l *userpool.Logo) bool {
		_, err := d.service.Image(t.Context(), pool, l.File())
		return err == nil
	}
	d.sector[address] = "out of order"
	if got := change(address); got == nil || got.Hash != first.Hash || !kept(first) {
		t.Errorf("the logo went with its server: %+v", got)
	}
	d.sector[address] = picture(t, 20, 40, "png")
	second := change(address)
	if second == nil || second.Hash == first.Hash || kept(first) || !kept(second) {
		t.Errorf("%+v after %+v", second, first)
	}
	d.sector["https://rp.example/other.png"] = "out of order"
	if got := change("https://rp.example/other.png"); got != nil || kept(second) {
		t.Errorf("the logo of another address: %+v", got)
	}
	d.sector[address] = picture(t, 20, 40, "png")
	if change(address) == nil || change(nil) != nil || kept(second) {
		t.Error("a logo of a client that has none any more")
	}
}
