package samlattack

import (
	"fmt"
	"strings"
)

// Text are attacks that cut a text in two: a reader that takes the first node
// alone reads something else than what was signed.
func (m *Message) Text() []Attack {
	long := m.Genuine + ".evil.example" // the attacker owns this one and has it signed
	cut := func(between string) string {
		return m.once(m.Signed(m.Genuine, long), m.Genuine+".evil.example<", m.Genuine+between+".evil.example<")
	}
	return list("comments", map[string]string{
		"comment":                cut("<!-- x -->"),
		"empty comment":          cut("<!---->"),
		"processing instruction": cut("<?x y?>"),
		"element":                cut("<x></x>"),
		"entity":                 cut("&x;"),
		"comment before":         m.once(m.Good(), ">"+m.Genuine, "><!-- x -->"+m.Genuine),
		"comment at the root":    "<!-- x -->" + m.Good(),
		"CDATA of markup":        m.once(m.Good(), ">"+m.Genuine, "><![CDATA[<x/>]]>"+m.Genuine),
	})
}

// Parsing are documents that two parsers could read differently.
func (m *Message) Parsing() []Attack {
	good := m.Good()
	evil := func(declaration, reference string) string {
		return declaration + m.once(good, ">"+m.Genuine, ">"+reference)
	}
	id := ` ID="` + m.id + `"`
	return list("parser", map[string]string{
		"DTD":                         "<!DOCTYPE x>" + good,
		"internal entity":             evil(`<!DOCTYPE x [<!ENTITY e "`+m.Evil+`">]>`, "&e;"),
		"external entity":             evil(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`, "&e;"),
		"external DTD":                `<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">` + good,
		"parameter entity":            `<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]>` + good,
		"default attribute of a DTD":  `<!DOCTYPE x [<!ATTLIST saml:Assertion ID ID #FIXED "_x">]>` + good,
		"undefined entity":            evil("", "&nbsp;"),
		"processing instruction":      `<?xml-stylesheet href="x"?>` + good,
		"second declaration":          `<?xml version="1.0"?><?xml version="1.0"?>` + good,
		"UTF-16 declared":             `<?xml version="1.0" encoding="UTF-16"?>` + good,
		"UTF-7 declared":              `<?xml version="1.0" encoding="UTF-7"?>` + good,
		"XML 1.1":                     `<?xml version="1.1"?>` + good,
		"byte order mark of UTF-16":   "\xff\xfe" + good,
		"not UTF-8":                   m.once(good, ">"+m.Genuine, ">\xc0\xbc"+m.Genuine),
		"NUL":                         m.once(good, ">"+m.Genuine, ">\x00"+m.Genuine),
		"NUL by reference":            m.once(good, ">"+m.Genuine, ">&#0;"+m.Genuine),
		"attribute twice":             m.once(good, id, id+` ID="_evil"`),
		"attribute twice by prefixes": m.once(good, id, id+` xmlns:x="urn:x" x:ID="_evil"`),
		"attribute of another case":   m.once(good, id, id+` Id="_evil"`),
		"ID of XML":                   m.once(good, id, id+` xml:id="_evil" `),
		"undeclared prefix":           m.once(good, id, id+` y:z="1"`),
		"prefix xml redefined":        m.once(good, id, id+` xmlns:xml="urn:x"`),
		"prefix emptied":              m.once(good, id, id+` xmlns:samlp=""`),
		"colon in a name":             last(good, "<a:b:c/>"),
		"text before the root":        "x" + good,
		"text after the root":         good + "x",
		"second root":                 good + good,
		"no end":                      good[:len(good)-1],
		"nothing":                     "",
		"only white space":            " \n",
		"not XML":                     "SAML",
	})
}

func repeat(n int, f func(int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

// Bombs are costly to read. Each is refused at a limit.
func (m *Message) Bombs() []Attack {
	good := m.Good()
	id := ` ID="` + m.id + `"`
	extension := func(content string) string { return last(good, content) }
	lol := `<!DOCTYPE l [<!ENTITY a "lol">` + repeat(9, func(i int) string {
		return fmt.Sprintf(`<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}) + `]>`
	return list("bombs", map[string]string{
		"billion laughs":     lol + m.once(good, ">"+m.Genuine, ">&j;"),
		"quadratic blow-up":  `<!DOCTYPE l [<!ENTITY a "` + strings.Repeat("a", 40_000) + `">]>` + m.once(good, ">"+m.Genuine, ">"+strings.Repeat("&a;", 1000)),
		"size":               extension("<x>" + strings.Repeat("x", 100_000) + "</x>"),
		"depth":              extension(strings.Repeat("<x>", 70) + strings.Repeat("</x>", 70)),
		"depth, never ended": extension(strings.Repeat("<x>", 20_000)),
		"elements":           extension(strings.Repeat("<x/>", 2001)),
		"prefixes":           extension(repeat(70, func(i int) string { return fmt.Sprintf(`<x xmlns:p%d="urn:x"/>`, i) })),
		"attributes":         m.once(good, id, id+repeat(70, func(i int) string { return fmt.Sprintf(` a%d=""`, i) })),
		"signatures":         strings.Replace(good, signaturePart.FindString(good), strings.Repeat(signaturePart.FindString(good), 20), 1),
		"nested signatures":  last(good, strings.Repeat(`<ds:Signature xmlns:ds="`+dsNS+`">`, 30)+strings.Repeat("</ds:Signature>", 30)),
		"long namespace":     extension(`<x xmlns:n="` + strings.Repeat("u", 20_000) + `">` + strings.Repeat("<n:y/>", 1000) + `</x>`),
	})
}

// Attacks are all that can be done to any signed message.
func (m *Message) Attacks() []Attack {
	var all []Attack
	for _, some := range [][]Attack{m.Wrapping(), m.Stripping(), m.Keys(), m.Algorithms(), m.SignedInfo(), m.Canonicalisation(),
		m.Text(), m.Parsing(), m.Bombs()} {
		all = append(all, some...)
	}
	return all
}
