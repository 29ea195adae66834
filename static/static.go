// Package static embeds what pages load: style sheets and images, nothing from
// elsewhere. The address of a file carries a hash of its content, so that it may
// be cached for ever.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed *.css *.js *.svg
var files embed.FS

// Prefix is where the handler stands.
const Prefix = "/static/"

type asset struct {
	body        []byte
	contentType string
}

// byAddress and address are filled once, before main, from the embedded files.
var byAddress, address = load()

func load() (map[string]asset, map[string]string) {
	assets, addresses := map[string]asset{}, map[string]string{}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(err) // the embedded folder cannot be unreadable
	}
	for _, e := range entries {
		body, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		at := Prefix + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		assets[at] = asset{body, mime.TypeByExtension(ext)}
		addresses[e.Name()] = at
	}
	return assets, addresses
}

// Path returns the address of a file. A name that does not exist is a mistake in
// a template; it leads nowhere, and the test of the pages finds it.
func Path(name string) string {
	if at, ok := address[name]; ok {
		return at
	}
	return Prefix + "missing/" + name
}

// Handler serves the files. An address with another hash is of another release:
// it is not found rather than answered with the wrong content.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byAddress[r.URL.Path]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(a.body) // if the reader left, nobody is there to tell
	})
}
