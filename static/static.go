// Package static embeds what pages load: style sheets and images, nothing from
// elsewhere. The address of a file carries a hash of its content, so that it may
// be cached for ever. The files of the folder sync, a library for apps, import each
// other by name: their addresses stay, and are asked for anew each time.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed *.css *.js *.svg sync/*.js
var files embed.FS

// Prefix is where the handler stands.
const Prefix = "/static/"

type asset struct {
	body        []byte
	contentType string
	tag         string // of a file whose address stays; empty where it carries the hash
}

// byAddress and address are filled once, before main, from the embedded files.
var byAddress, address = load()

func load() (map[string]asset, map[string]string) {
	assets, addresses := map[string]asset{}, map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		hash, ext := hex.EncodeToString(sum[:6]), path.Ext(name)
		at, a := Prefix+strings.TrimSuffix(name, ext)+"."+hash+ext, asset{body: body, contentType: mime.TypeByExtension(ext)}
		if path.Dir(name) != "." {
			at, a.tag = Prefix+name, `"`+hash+`"`
		}
		assets[at], addresses[name] = a, at
		return nil
	})
	if err != nil {
		panic(err) // embedded files cannot be unreadable
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
		if a.tag == "" {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = w.Write(a.body) // if the reader left, nobody is there to tell
			return
		}
		h.Set("Access-Control-Allow-Origin", "*") // apps elsewhere import modules from here
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", a.tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	})
}
