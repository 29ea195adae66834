package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
)

// Pages renders templates. Each page is a file of its own, cloned from the layout
// and parsed at start-up.
type Pages struct {
	pages map[string]*template.Template
}

// ParsePages reads layout.html and every other *.html of dir in fsys. asset turns
// the name of a static file into its address.
func ParsePages(fsys fs.FS, dir string, asset func(string) string) (*Pages, error) {
	layout, err := template.New("layout.html").Option("missingkey=error").
		Funcs(template.FuncMap{"asset": asset}).ParseFS(fsys, path.Join(dir, "layout.html"))
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(fsys, path.Join(dir, "*.html"))
	if err != nil {
		return nil, err
	}
	p := &Pages{pages: map[string]*template.Template{}}
	for _, file := range files {
		name := path.Base(file)
		if name == "layout.html" {
			continue
		}
		page, err := template.Must(layout.Clone()).ParseFS(fsys, file)
		if err != nil {
			return nil, err
		}
		p.pages[name] = page
	}
	return p, nil
}

// Names returns the names of all pages.
func (p *Pages) Names() []string {
	names := make([]string, 0, len(p.pages))
	for name := range p.pages {
		names = append(names, name)
	}
	return names
}

// Render executes the page into memory, then writes it, so that half a page is
// never sent.
func (p *Pages) Render(w http.ResponseWriter, status int, name string, data any) error {
	page, ok := p.pages[name]
	if !ok {
		return fmt.Errorf("web: no page %q", name)
	}
	var buf bytes.Buffer
	if err := page.ExecuteTemplate(&buf, "layout.html", data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // if the reader left, nobody is there to tell
	return nil
}
