package saml_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A client is a service provider that somebody else wrote, running.
type client struct {
	name     string
	url      string
	metadata string
	cannot   map[string]string // features that it has not, and why

	login  func(ask) string                           // where a sign-in starts
	answer func(t *testing.T, p *harness.Page) answer // what it shows in the end
}

// An ask is what a sign-in is asked for.
type ask struct {
	post, force, passive bool
	nameID, class, relay string
}

// An answer is what a service provider learnt, or why it refused.
type answer struct {
	Error                                string
	User, Format, Class, At, Mail, Relay string
	Groups                               []string
	LoggedOut, Second                    string // statuses of a LogoutResponse
}

// start is a service provider of several that speak as pysaml2.py says.
func start(t *testing.T, name string, metadata []byte, program func(dir, address string) *exec.Cmd) *client {
	t.Helper()
	dir, address := t.TempDir(), harness.FreeAddress(t)
	key, cert := spKeyPair(t)
	for file, content := range map[string][]byte{"idp.xml": metadata, "sp.key": key, "sp.crt": cert} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := launch(t, program(dir, address), address, dir)
	c := &client{name: name, url: "http://" + address, answer: readJSON}
	c.login = func(a ask) string { return c.url + "/login?" + a.query().Encode() }
	c.metadata = string(await(t, c.url+"/metadata", log))
	return c
}

// launch starts a program that listens at address, and kills it when the test ends.
func launch(t *testing.T, cmd *exec.Cmd, address, dir string) *harness.Log {
	t.Helper()
	log := new(harness.Log)
	cmd.Env = append(os.Environ(), "LISTEN="+address, "DIR="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed: the error says so
		if t.Failed() {
			t.Logf("%s printed:\n%s", cmd.Path, log)
		}
	})
	return log
}

// query is an ask as pysaml2.py reads it.
func (a ask) query() url.Values {
	q := url.Values{}
	for name, on := range map[string]bool{"force": a.force, "passive": a.passive} {
		if on {
			q.Set(name, "1")
		}
	}
	for name, value := range map[string]string{"nameid": a.nameID, "acr": a.class, "rs": a.relay} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if a.post {
		q.Set("binding", "post")
	}
	return q
}

func readJSON(t *testing.T, p *harness.Page) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(p.Body), &a); err != nil {
		t.Fatalf("%s answers %d: %s", p.URL, p.Status, p.Body)
	}
	return a
}

// await fetches an address as soon as it answers.
func await(t *testing.T, address string, log *harness.Log) []byte {
	t.Helper()
	harness.Until(t, time.Minute, func() string { return "an answer at " + address + "\n" + log.String() },
		func() bool { return harness.Answers(http.DefaultClient, address) })
	return fetch(t, address)
}

// python is Debian's, which finds Debian's modules.
const python = "/usr/bin/python3"

func requirePySAML2(t *testing.T) {
	t.Helper()
	if exec.Command(python, "-c", "import saml2").Run() != nil {
		harness.Missing(t, "python3-pysaml2 is missing; run scripts/install.sh")
	}
}

func startPySAML2(t *testing.T, metadata []byte) *client {
	t.Helper()
	requirePySAML2(t)
	script := filepath.Join(harness.Root(t), "conformance/saml/pysaml2.py")
	c := start(t, "pysaml2", metadata, func(dir, _ string) *exec.Cmd {
		cmd := exec.Command(python, script)
		cmd.Dir = dir
		return cmd
	})
	c.cannot = map[string]string{enhanced: "it writes messages anew on the way, with other prefixes, which breaks signatures"}
	return c
}

func startNodeSAML(t *testing.T, metadata []byte) *client {
	t.Helper()
	c := startNode(t, "node-saml", "@node-saml", metadata)
	c.cannot = map[string]string{
		ecdsa:       "xml-crypto reads no ECDSA",
		sloPost:     "it sends its LogoutRequest by Redirect alone",
		sloSOAP:     "it sends its LogoutRequest by Redirect alone",
		enhanced:    "it knows no PAOS",
		sloOursSOAP: "it knows no SOAP",
	}
	return c
}

func startSamlify(t *testing.T, metadata []byte) *client {
	t.Helper()
	c := startNode(t, "samlify", "samlify", metadata)
	c.cannot = map[string]string{
		ecdsa:       "xml-crypto reads no ECDSA",
		sloSOAP:     "it knows no SOAP",
		enhanced:    "it knows no PAOS",
		sloOursSOAP: "it knows no SOAP",
	}
	return c
}

// startNode is the service provider of that name, a script for Node on that library.
func startNode(t *testing.T, name, library string, metadata []byte) *client {
	t.Helper()
	conformance := filepath.Join(harness.Root(t), "conformance")
	if _, err := os.Stat(filepath.Join(conformance, "node_modules", library)); err != nil {
		harness.Missing(t, "conformance/node_modules has no "+library+"; run scripts/install.sh")
	}
	return start(t, name, metadata, func(string, string) *exec.Cmd {
		cmd := exec.Command("node", "saml/"+name+".mjs")
		cmd.Dir = conformance
		return cmd
	})
}

// spKeyPair returns a key and its certificate in PEM.
func spKeyPair(t *testing.T) (key, cert []byte) {
	t.Helper()
	keyFile, der := keyPair(t)
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// message returns the XML of a form's SAML message.
func message(t *testing.T, f *harness.Form) string {
	t.Helper()
	encoded := f.Fields.Get("SAMLResponse") + f.Fields.Get("SAMLRequest")
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
