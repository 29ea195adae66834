package samlxml_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

var canonicalSamples = []string{
	`<a/>`,
	`<a b="1" a="2"><!-- x --></a>`,
	`<p:a xmlns:p="urn:p" xmlns:q="urn:q" xmlns="urn:d" q:y="1" p:a="2" z="3"><b xmlns=""><c xmlns="urn:d"/></b><p:d/></p:a>`,
	`<a xmlns="urn:d"><b xmlns=""><c/><d xmlns="urn:e"/></b></a>`,
	`<p:a xmlns:p="urn:1"><p:b xmlns:p="urn:2"><p:c xmlns:p="urn:1"/></p:b><p:d/></p:a>`,
	"<a t=\"x&#9;&#10;&#13;&lt;&gt;&amp;&quot;'\">y\r\nz&#13;&lt;&gt;&amp;\"' <![CDATA[<&>]]></a>",
	`<z:a xmlns:z="urn:a" xmlns:y="urn:b" y:k="1" z:j="2" xml:lang="de" i="3"/>`,
	`<e xmlns:a="http://b.example" xmlns:b="http://a.example" a:x="1" b:y="2">é€𝄞</e>`,
}

// prefixed reports whether an attribute in a namespace is below el: goxmldsig
// does not sort those as the standard says.
func prefixed(el *etree.Element) bool {
	for _, e := range append(el.FindElements(".//*"), el) {
		for _, a := range e.Attr {
			if a.Space != "" && a.Space != "xmlns" {
				return true
			}
		}
	}
	return false
}

// others canonicalises with goxmldsig, the element cut out with its namespaces.
// It undeclares the default namespace of its first element without need.
func others(el *etree.Element, prefixes string) (string, error) {
	ctx, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return "", err
	}
	detached, err := etreeutils.NSDetatch(ctx, el)
	if err != nil {
		return "", err
	}
	out, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes).Canonicalize(detached)
	head, tail, _ := strings.Cut(string(out), ">")
	return strings.Replace(head, ` xmlns=""`, "", 1) + ">" + tail, err
}

// TestCanonicalLikeOthers compares every element of some documents with what
// goxmldsig makes of it.
func TestCanonicalLikeOthers(t *testing.T) {
	response := outgoing()
	response.SignResponse = true
	for _, sample := range append(canonicalSamples, string(write(t, keys().idp, response))) {
		doc, err := samlxml.Parse([]byte(sample), samlxml.Metadata())
		if err != nil {
			t.Fatalf("%s: %v", sample, err)
		}
		if prefixed(doc.Root()) {
			continue
		}
		for _, el := range doc.FindElements("//*") {
			for _, prefixes := range []string{"", "p y"} {
				want, err := others(el, prefixes)
				if err != nil {
					t.Fatal(err)
				}
				if got := samlxml.Canonical(el, nil, strings.Fields(prefixes)); got != want {
					t.Errorf("%s in %s, prefixes %q:\n got %s\nwant %s", el.FullTag(), sample, prefixes, got, want)
				}
			}
		}
	}
}

// TestCanonicalLikeLibxml2 compares whole documents with libxml2.
func TestCanonicalLikeLibxml2(t *testing.T) {
	needs(t, "xmllint")
	for _, sample := range canonicalSamples {
		sample = strings.ReplaceAll(sample, "<!-- x -->", "") // xmllint keeps comments
		doc, err := samlxml.Parse([]byte(sample), samlxml.Metadata())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.xml")
		if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := exec.Command("xmllint", "--nonet", "--exc-c14n", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := samlxml.Canonical(doc.Root(), nil, nil); got != string(want) {
			t.Errorf("%s:\n got %s\nwant %s", sample, got, want)
		}
	}
}

// TestDefaultNamespaceInPrefixList: goxmldsig does not know "#default".
func TestDefaultNamespaceInPrefixList(t *testing.T) {
	doc, err := samlxml.Parse([]byte(`<p:a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q"><p:b xmlns=""/></p:a>`), samlxml.Messages())
	if err != nil {
		t.Fatal(err)
	}
	const want = `<p:a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q"><p:b xmlns=""></p:b></p:a>`
	if got := samlxml.Canonical(doc.Root(), nil, []string{"#default", "q", "unknown"}); got != want {
		t.Errorf("got %s", got)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, sample := range canonicalSamples {
		f.Add(sample, "p")
	}
	f.Fuzz(func(t *testing.T, document, prefixes string) {
		if strings.Contains(prefixes, "#default") {
			return
		}
		doc, err := samlxml.Parse([]byte(document), samlxml.Messages())
		if err != nil || prefixed(doc.Root()) {
			return
		}
		want, err := others(doc.Root(), prefixes)
		if err != nil { // goxmldsig has limits of its own
			return
		}
		if got := samlxml.Canonical(doc.Root(), nil, strings.Fields(prefixes)); got != want {
			t.Errorf("%q with %q:\n got %q\nwant %q", document, prefixes, got, want)
		}
	})
}
