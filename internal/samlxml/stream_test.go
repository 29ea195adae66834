package samlxml_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A federation is an aggregate of many entities, written as it is read and in canonical
// form: the first half stands in an EntitiesDescriptor of its own.
type federation struct {
	entities int
	filler   int // bytes of a description of each
}

func (f federation) write(w io.Writer, signature string) {
	b := bufio.NewWriter(w)
	defer b.Flush()
	b.WriteString(`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_federation" cacheDuration="PT1H" validUntil="2026-12-01T00:00:00Z">`)
	b.WriteString(signature + "\n<md:EntitiesDescriptor>")
	for i := range f.entities {
		if i == f.entities/2 {
			b.WriteString("</md:EntitiesDescriptor>")
		}
		name := entityName(i)
		fmt.Fprintf(b, "\n"+`<md:EntityDescriptor ID="_%d" entityID="%s"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`+
			`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="%s/acs" index="0"></md:AssertionConsumerService></md:SPSSODescriptor>`+
			`<md:Organization><md:OrganizationName xml:lang="en">%s</md:OrganizationName></md:Organization></md:EntityDescriptor>`,
			i, name, name, strings.Repeat("x", f.filler))
	}
	b.WriteString("\n</md:EntitiesDescriptor>")
}

func entityName(i int) string { return fmt.Sprintf("https://%d.example", i) }

// seal is the Signature of what write writes without it.
func (f federation) seal(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	f.write(h, "")
	const exclusive, ds = "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2000/09/xmldsig#"
	info := `<ds:SignedInfo xmlns:ds="` + ds + `"><ds:CanonicalizationMethod Algorithm="` + exclusive + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + samlxml.RSASHA256 + `"></ds:SignatureMethod><ds:Reference URI="#_federation"><ds:Transforms>` +
		`<ds:Transform Algorithm="` + ds + `enveloped-signature"></ds:Transform><ds:Transform Algorithm="` + exclusive + `"></ds:Transform></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>` + base64.StdEncoding.EncodeToString(h.Sum(nil)) +
		`</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	sum := sha256.Sum256([]byte(info))
	value, err := keys().idp.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return `<ds:Signature xmlns:ds="` + ds + `">` + strings.Replace(info, ` xmlns:ds="`+ds+`"`, "", 1) + `<ds:SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue></ds:Signature>`
}

// reader is the federation as it comes from a server.
func (f federation) reader(signature string) io.Reader {
	r, w := io.Pipe()
	go func() {
		f.write(w, signature)
		w.Close()
	}()
	return r
}

// A meter notes the most memory that is in use while a document is read.
type meter struct {
	io.Reader
	read, most, base uint64
}

func newMeter(r io.Reader) *meter {
	m := &meter{Reader: r}
	m.base = m.inUse()
	return m
}

func (m *meter) inUse() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if m.read%(4<<20) > (m.read+uint64(n))%(4<<20) {
		if now := m.inUse(); now > m.base {
			m.most = max(m.most, now-m.base)
		}
	}
	m.read += uint64(n)
	return n, err
}

// TestFederation chooses from ten thousand entities, with little memory.
func TestFederation(t *testing.T) {
	f := federation{entities: 10_000, filler: 1000}
	seal := f.seal(t)
	for _, i := range []int{0, 4999, 5000, 9999} {
		m := newMeter(f.reader(seal))
		raw, err := samlxml.SelectSPFrom(m, entityName(i), keys().idp.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		sp, err := samlxml.ParseSPMetadata(raw)
		if err != nil || sp.Entity.EntityID != entityName(i) || sp.ValidUntil.IsZero() || sp.CacheFor == 0 {
			t.Errorf("%d: %+v, %v", i, sp, err)
		}
		if m.read < 10<<20 || m.most > 16<<20 {
			t.Errorf("%d bytes read with %d in use", m.read, m.most)
		}
	}
}

// BenchmarkFederation reads an aggregate as long as eduGAIN's, and says how much memory
// was in use at most.
func BenchmarkFederation(b *testing.B) {
	f := federation{entities: 10_000, filler: 10_000}
	seal := f.seal(b)
	for b.Loop() {
		m := newMeter(f.reader(seal))
		if _, err := samlxml.SelectSPFrom(m, entityName(9999), keys().idp.Certificate); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(m.read))
		b.ReportMetric(float64(m.most)/(1<<20), "MB-in-use")
	}
}

// TestFederationAttacks: whatever is changed anywhere, or stands elsewhere, counts for
// nothing at all.
func TestFederationAttacks(t *testing.T) {
	f := federation{entities: 40}
	var b strings.Builder
	f.write(&b, f.seal(t))
	good, meant := b.String(), entityName(7)
	signature := good[strings.Index(good, "<ds:Signature "):strings.Index(good, "</ds:Signature>")] + "</ds:Signature>"
	evil := entityOf("https://evil.example")
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	end := strings.LastIndex(good, "</md:EntitiesDescriptor>")
	for name, tt := range map[string]struct {
		doc, entity string
		want        error
	}{
		"another entity changed":      {replace("https://30.example/acs", "https://evil.example/acs"), meant, samlxml.ErrSignature},
		"white space changed":         {replace("\n</md:EntitiesDescriptor>", "</md:EntitiesDescriptor>"), meant, samlxml.ErrSignature},
		"validity changed":            {replace("2026-12-01", "2036-12-01"), meant, samlxml.ErrSignature},
		"entity added in the end":     {good[:end] + evil + good[end:], "https://evil.example", samlxml.ErrSignature},
		"entity added in front":       {replace(signature, evil+signature), "https://evil.example", samlxml.ErrNoSignature},
		"entity added in between":     {replace("</md:EntitiesDescriptor>", evil+"</md:EntitiesDescriptor>"), "https://evil.example", samlxml.ErrSignature},
		"entity in the signature":     {replace("</ds:Signature>", evil+"</ds:Signature>"), "https://evil.example", samlxml.ErrSignature},
		"entity left out":             {replace(good[strings.Index(good, `<md:EntityDescriptor ID="_3"`):strings.Index(good, `<md:EntityDescriptor ID="_4"`)], ""), meant, samlxml.ErrSignature},
		"no signature":                {replace(signature, ""), meant, samlxml.ErrNoSignature},
		"signature in the end":        {strings.Replace(good[:end], signature, "", 1) + signature + good[end:], meant, samlxml.ErrNoSignature},
		"signature twice":             {replace(signature, signature+signature), meant, samlxml.ErrSignature},
		"signature further in":        {replace(signature+"\n<md:EntitiesDescriptor>", "\n<md:EntitiesDescriptor>"+signature), meant, samlxml.ErrNoSignature},
		"whole thing further in":      {aggregateHead + good + evil + `</md:EntitiesDescriptor>`, "https://evil.example", samlxml.ErrNoSignature},
		"another ID":                  {replace(`ID="_federation"`, `ID="_other"`), meant, samlxml.ErrSignature},
		"ID twice":                    {replace(`ID="_30"`, `ID="_federation"`), meant, samlxml.ErrMalformed},
		"DTD":                         {"<!DOCTYPE x>" + good, meant, samlxml.ErrMalformed},
		"entity reference":            {replace("https://30.example/acs", "&x;"), meant, samlxml.ErrMalformed},
		"processing instruction":      {replace("</ds:Signature>", "</ds:Signature><?x y?>"), meant, samlxml.ErrMalformed},
		"cut off":                     {good[:len(good)-1], meant, samlxml.ErrMalformed},
		"cut off after what is meant": {good[:strings.Index(good, `<md:EntityDescriptor ID="_20"`)], meant, samlxml.ErrMalformed},
		"second root":                 {good + good, meant, samlxml.ErrMalformed},
		"UTF-16":                      {`<?xml version="1.0" encoding="UTF-16"?>` + good, meant, samlxml.ErrMalformed},
		"not UTF-8":                   {replace("https://30.example/acs", "\xff"), meant, samlxml.ErrMalformed},
		"absent":                      {good, "https://evil.example", samlxml.ErrMetadata},
		"which of them":               {good, "", samlxml.ErrMetadata},
	} {
		t.Run(name, func(t *testing.T) {
			if raw, err := samlxml.SelectSPFrom(strings.NewReader(tt.doc), tt.entity, keys().idp.Certificate); !errors.Is(err, tt.want) || raw != nil {
				t.Errorf("%v: %s", err, raw)
			}
		})
	}
	if _, err := samlxml.SelectSPFrom(strings.NewReader(good), meant, keys().other.Certificate); !errors.Is(err, samlxml.ErrSignature) {
		t.Errorf("signed by another: %v", err)
	}
	commented := replace("</ds:Signature>", "</ds:Signature><!-- not part of it -->")
	if _, err := samlxml.SelectSPFrom(strings.NewReader("\ufeff"+commented), meant, keys().idp.Certificate); err != nil {
		t.Error(err)
	}
}

// TestFederationLimits: each is met before there is much to keep.
func TestFederationLimits(t *testing.T) {
	many := func(part string) io.Reader {
		return io.MultiReader(strings.NewReader(aggregateHead), &endless{part: part}, strings.NewReader("</md:EntitiesDescriptor>"))
	}
	for name, r := range map[string]io.Reader{
		"text":             many(" "),
		"comments":         many("<!-- " + strings.Repeat("x", 1000) + "-->"),
		"one long comment": io.MultiReader(strings.NewReader(aggregateHead+"<!--"), &endless{part: "x"}),
		"one long name":    io.MultiReader(strings.NewReader("<"), &endless{part: "x"}),
		"one entity":       io.MultiReader(strings.NewReader(aggregateHead+"<md:EntityDescriptor>"), &endless{part: "<a>text</a>"}),
		"one deep one":     io.MultiReader(strings.NewReader(aggregateHead), &endless{part: "<md:EntitiesDescriptor>"}),
		"prefixes":         io.MultiReader(strings.NewReader(aggregateHead), &endless{part: `<a xmlns:p%d="urn:x"></a>`}),
		"IDs":              many(`<a ID="_%d"></a>`),
		"long IDs":         many(`<a ID="` + strings.Repeat("x", 1<<20) + `%d"></a>`),
		"before the seal":  many(" "),
	} {
		t.Run(name, func(t *testing.T) {
			signer := keys().idp.Certificate
			if name != "before the seal" {
				signer = nil
			}
			m := newMeter(r)
			if _, err := samlxml.SelectSPFrom(m, "x", signer); !errors.Is(err, samlxml.ErrTooLarge) {
				t.Errorf("error %v after %d bytes", err, m.read)
			}
			if m.most > 128<<20 {
				t.Errorf("%d bytes in use", m.most)
			}
		})
	}
	broken := errors.New("the connection broke")
	if _, err := samlxml.SelectSPFrom(io.MultiReader(strings.NewReader(aggregateHead), failing{broken}), "x", nil); !errors.Is(err, broken) {
		t.Errorf("a failure of the connection: %v", err)
	}
}

// An endless reader repeats a part, %d of which is a number.
type endless struct {
	part string
	n    int
	rest bytes.Buffer
}

func (e *endless) Read(p []byte) (int, error) {
	for e.rest.Len() < len(p) {
		e.n++
		e.rest.WriteString(strings.ReplaceAll(e.part, "%d", strconv.Itoa(e.n)))
	}
	return e.rest.Read(p)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestFederationOfOthers: what an independent implementation signed, laid out as files
// are, verifies as a stream.
func TestFederationOfOthers(t *testing.T) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(aggregate()); err != nil {
		t.Fatal(err)
	}
	signed, err := keys().idp.SignElement(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	template := strings.NewReplacer("<md:E", "\n\t<md:E", `xmlns:md="`, "\n xmlns:unused=\"urn:unused\"\txmlns:md=\"", `index="0"`, "index='0'").Replace(signed)
	dir := t.TempDir()
	out := dir + "/signed.xml"
	if text, err := xmlsec(t, "--sign", "--privkey-pem", file(t, dir, "key.pem", keyPEM(t, keys().idp)), "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor",
		"--output", out, file(t, dir, "template.xml", []byte(template))); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := samlxml.SelectSPFrom(f, "https://two.example", keys().idp.Certificate); err != nil {
		t.Error(err)
	}
}
