package web

import (
	"bytes"
	"html"
	"html/template"
	"net/http"
)

// A Post is a message that the browser carries to another site by a form: an answer
// to an app, in any protocol.
type Post struct {
	To     string // the address, which the caller trusts
	App    string // what a person would call who is there
	Script string // address of the script that submits the form; empty is none
	Text   PostText
	Fields []PostField
}

// A PostText is what the page says, in the reader's language. Without one it is in
// English.
type PostText struct {
	Lang, Dir    string // of the page
	Lead, Button string
}

// A Wording says what the page says to who sent r. A nil one leaves it in English.
type Wording func(r *http.Request, app string) PostText

// Text is what the page says.
func (f Wording) Text(r *http.Request, app string) PostText {
	if f == nil {
		return PostText{}
	}
	return f(r, app)
}

// A PostField is a hidden field.
type PostField struct{ Name, Value string }

// Attribute is the value as the page has it. Values may be tens of kilobytes, for
// which the template's own look at each character would be the price of a signature.
func (f PostField) Attribute() template.HTMLAttr {
	return template.HTMLAttr(`value="` + html.EscapeString(f.Value) + `"`) // #nosec G203: escaped
}

// postPage submits itself by its script; without scripts the user does it.
var postPage = template.Must(template.New("post").Parse(`<!doctype html>
<html lang="{{.Text.Lang}}" dir="{{.Text.Dir}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Text.Lead}}</title>
</head>
<body>
<main>
<form id="post" method="post" action="{{.To}}">
{{- range .Fields}}
<input type="hidden" name="{{.Name}}" {{.Attribute}}>
{{- end}}
<p>{{.Text.Lead}}</p>
<button type="submit">{{.Text.Button}}</button>
</form>
</main>
{{- if .Script}}
<script src="{{.Script}}"></script>
{{- end}}
</body>
</html>
`))

// Write answers with the page, whose form may end where the message goes.
func (p *Post) Write(w http.ResponseWriter) error {
	shown := *p
	if shown.Text == (PostText{}) {
		shown.Text = PostText{"en", "ltr", "You are being sent to " + p.App + ".", "Continue"}
	}
	var page bytes.Buffer
	if err := postPage.Execute(&page, shown); err != nil {
		return err
	}
	AllowFormTarget(w.Header(), p.To)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w) // if the reader left, nobody is there to tell
	return nil
}
