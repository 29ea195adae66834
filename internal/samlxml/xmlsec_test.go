package samlxml_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// needs skips a test without the tools and files of others that it compares with,
// but fails it where TEST_BACKENDS is "all".
func needs(t *testing.T, all ...string) {
	t.Helper()
	for _, name := range all {
		_, err := exec.LookPath(name)
		if filepath.IsAbs(name) {
			_, err = os.Stat(name)
		}
		switch {
		case err == nil:
		case os.Getenv("TEST_BACKENDS") == "all":
			t.Fatalf("TEST_BACKENDS=all, but %s is not installed", name)
		default:
			t.Skipf("%s is not installed", name)
		}
	}
}

// xmlsec runs xmlsec1, an independent implementation.
func xmlsec(t *testing.T, args ...string) (out []byte, err error) {
	t.Helper()
	needs(t, "xmlsec1")
	return exec.Command("xmlsec1", args...).CombinedOutput()
}

func file(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func certPEM(s samlxml.Signer) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate.Raw})
}

func keyPEM(t *testing.T, s samlxml.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

const (
	protocolID  = "urn:oasis:names:tc:SAML:2.0:protocol:"
	responseID  = protocolID + "Response"
	assertionID = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
)

// xmlsecVerify verifies the signature that path selects, by cert alone.
func xmlsecVerify(t *testing.T, cert, path, document string) {
	t.Helper()
	out, err := xmlsec(t, "--verify", "--pubkey-cert-pem", cert, "--enabled-key-data", "key-name",
		"--enabled-reference-uris", "same-doc", "--id-attr:ID", responseID, "--id-attr:ID", assertionID,
		"--id-attr:ID", protocolID+"LogoutRequest", "--id-attr:ID", protocolID+"LogoutResponse",
		"--node-xpath", path, document)
	if err != nil {
		t.Errorf("xmlsec1 refuses %s: %v\n%s", path, err, out)
	}
}

func TestXMLSecVerifies(t *testing.T) {
	for name, signer := range map[string]samlxml.Signer{"RSA": keys().idp, "ECDSA": keys().ec} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := outgoing()
			o.SignResponse = true
			doc := file(t, dir, "response.xml", write(t, signer, o))
			cert := file(t, dir, "cert.pem", certPEM(signer))
			for _, parent := range []string{"Response", "Assertion"} {
				xmlsecVerify(t, cert, "//*[local-name()='"+parent+"']/*[local-name()='Signature']", doc)
			}
		})
	}
}

func TestXMLSecVerifiesLogout(t *testing.T) {
	dir := t.TempDir()
	cert := file(t, dir, "cert.pem", certPEM(keys().ec))
	for name, m := range map[string]samlxml.LogoutMessage{"request": logoutRequest(), "response": logoutResponse()} {
		form := send(t, keys().ec, m, saml.HTTPPostBinding).Form
		raw, err := base64.StdEncoding.DecodeString(form.Get("SAMLRequest") + form.Get("SAMLResponse"))
		if err != nil {
			t.Fatal(err)
		}
		xmlsecVerify(t, cert, "/*/*[local-name()='Signature']", file(t, dir, name+".xml", raw))
	}
}

func TestXMLSecDecrypts(t *testing.T) {
	for _, method := range []string{samlxml.AES128GCM, samlxml.AES256GCM, samlxml.AES128CBC, samlxml.AES256CBC} {
		t.Run(filepath.Base(method), func(t *testing.T) {
			dir := t.TempDir()
			o := outgoing()
			o.SignResponse = true
			o.Encrypt = &samlxml.Encryption{Certificate: keys().sp.Certificate, Method: method}
			doc := file(t, dir, "response.xml", write(t, keys().idp, o))
			cert := file(t, dir, "cert.pem", certPEM(keys().idp))
			xmlsecVerify(t, cert, "/*/*[local-name()='Signature']", doc)

			key := file(t, dir, "sp.key", keyPEM(t, keys().sp))
			plain := filepath.Join(dir, "plain.xml")
			out, err := xmlsec(t, "--decrypt", "--privkey-pem", key, "--output", plain, doc)
			if err != nil {
				t.Fatalf("xmlsec1 cannot decrypt: %v\n%s", err, out)
			}
			text, err := os.ReadFile(plain)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "alice@example.org") {
				t.Errorf("decrypted: %s", text)
			}
			xmlsecVerify(t, cert, "//*[local-name()='Assertion']/*[local-name()='Signature']", plain)
		})
	}
}

// TestXMLSecSigns reads what xmlsec1 signed: a second opinion on our reading.
func TestXMLSecSigns(t *testing.T) {
	dir := t.TempDir()
	p := cut(t, write(t, keys().idp, outgoing()))
	blank := signaturePart.FindString(p.assertion)
	blank = blankElements(blank, "ds:DigestValue", "ds:SignatureValue", "ds:X509Certificate")
	template := file(t, dir, "template.xml", []byte(p.put(afterIssuer(p.stripped, blank))))
	key := file(t, dir, "idp.key", keyPEM(t, keys().idp))
	cert := file(t, dir, "cert.pem", certPEM(keys().idp))
	signed := filepath.Join(dir, "signed.xml")
	out, err := xmlsec(t, "--sign", "--privkey-pem", key+","+cert, "--id-attr:ID", assertionID,
		"--output", signed, template)
	if err != nil {
		t.Fatalf("xmlsec1 cannot sign: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(signed)
	if err != nil {
		t.Fatal(err)
	}
	r, err := samlxml.VerifyResponse(raw, idpCerts(), now)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	checkAlice(t, r)
}

func blankElements(markup string, tags ...string) string {
	for _, tag := range tags {
		before, rest, _ := strings.Cut(markup, "<"+tag+">")
		_, after, _ := strings.Cut(rest, "</"+tag+">")
		markup = before + "<" + tag + "></" + tag + ">" + after
	}
	return markup
}
