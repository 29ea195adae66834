package message

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// breaks are the elements that begin a line of their own.
var breaks = map[atom.Atom]bool{atom.Br: true, atom.P: true, atom.Div: true, atom.Tr: true, atom.Li: true, atom.H1: true, atom.H2: true,
	atom.H3: true, atom.H4: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Blockquote: true, atom.Hr: true}

// hidden are the elements whose text nobody reads.
var hidden = map[atom.Atom]bool{atom.Head: true, atom.Style: true, atom.Script: true, atom.Title: true, atom.Template: true}

// PlainText returns what an HTML mail says, for readers that show no HTML: its text,
// line by line, and the addresses of its links.
func PlainText(body string) string {
	var p plain
	for z := html.NewTokenizer(strings.NewReader(body)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return p.String()
		case html.TextToken:
			p.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			p.open(z.Token())
		case html.EndTagToken:
			p.close(z.Token())
		}
	}
}

// A plain gathers the text of a document.
type plain struct {
	lines  []string
	line   strings.Builder
	hidden int
	link   string // of the anchor that is open
}

func (p *plain) text(s string) {
	if p.hidden > 0 {
		return
	}
	words := strings.Fields(html.UnescapeString(s))
	if len(words) == 0 {
		return
	}
	if p.line.Len() > 0 && strings.TrimLeft(s, " \t\r\n") != s {
		p.line.WriteByte(' ')
	}
	p.line.WriteString(strings.Join(words, " "))
	if strings.TrimRight(s, " \t\r\n") != s {
		p.line.WriteByte(' ')
	}
}

func (p *plain) open(t html.Token) {
	switch {
	case hidden[t.DataAtom] && t.Type == html.StartTagToken:
		p.hidden++
	case breaks[t.DataAtom]:
		p.newLine()
	case t.DataAtom == atom.A:
		for _, a := range t.Attr {
			if a.Key == "href" {
				p.link = a.Val
			}
		}
	}
}

func (p *plain) close(t html.Token) {
	switch {
	case hidden[t.DataAtom] && p.hidden > 0:
		p.hidden--
	case breaks[t.DataAtom]:
		p.newLine()
	case t.DataAtom == atom.A && p.link != "":
		p.text(" " + p.link)
		p.link = ""
	}
}

// newLine ends the line, unless it is empty.
func (p *plain) newLine() {
	if line := strings.Join(strings.Fields(p.line.String()), " "); line != "" {
		p.lines = append(p.lines, line)
	}
	p.line.Reset()
}

func (p *plain) String() string {
	p.newLine()
	return strings.Join(p.lines, "\n")
}
