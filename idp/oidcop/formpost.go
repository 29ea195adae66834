package oidcop

import (
	"bytes"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/internal/web"
)

// formPage carries an answer to the app by POST. The script submits the form;
// without scripts the user does.
var formPage = template.Must(template.New("post").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Signing in</title>
</head>
<body>
<main>
<form id="post" method="post" action="{{.To}}">
{{- range .Fields}}
<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
<p>You are being sent to {{.App}}.</p>
<button type="submit">Continue</button>
</form>
</main>
{{- if .Script}}
<script src="{{.Script}}"></script>
{{- end}}
</body>
</html>
`))

type formView struct {
	To, App, Script string
	Fields          []formField
}

type formField struct{ Name, Value string }

// postToApp writes the page that posts an answer to the redirect URI, which was
// matched before there could be an answer.
func (h *Handler) postToApp(w http.ResponseWriter, req *request, v url.Values) error {
	view := formView{To: req.redirectURI, App: req.client.Name, Script: h.Script}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		view.Fields = append(view.Fields, formField{name, v.Get(name)})
	}
	var page bytes.Buffer
	if err := formPage.Execute(&page, view); err != nil {
		return err
	}
	web.AllowFormTarget(w.Header(), req.redirectURI)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w) // if the reader left, nobody is there to tell
	return nil
}
