package saml_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	apacheProgram = "/usr/sbin/apache2"
	apacheModules = "/usr/lib/apache2/modules"
)

// An apache is a running Apache with mod_auth_mellon in front of /secret/.
type apache struct {
	dir, url string
	cmd      *exec.Cmd
	out      *harness.Log
}

// apacheConf runs as an app would: everything below /secret/ needs a session,
// and the page prints what mellon learnt from the assertion. DIR and ADDRESS
// are filled in.
const apacheConf = `ServerRoot DIR
ServerName localhost
Listen ADDRESS
PidFile DIR/run/httpd.pid
Mutex file:DIR/run default
ErrorLog DIR/run/error.log
LogLevel warn auth_mellon:info
User www-data
Group www-data
LoadModule mpm_prefork_module MODULES/mod_mpm_prefork.so
LoadModule authn_core_module MODULES/mod_authn_core.so
LoadModule authz_core_module MODULES/mod_authz_core.so
LoadModule authz_user_module MODULES/mod_authz_user.so
LoadModule mime_module MODULES/mod_mime.so
LoadModule include_module MODULES/mod_include.so
LoadModule auth_mellon_module MODULES/mod_auth_mellon.so
StartServers 2
TypesConfig /etc/mime.types
MellonLockFile DIR/run/mellon.lock
DocumentRoot DIR/www
<Directory DIR/www>
  Options +Includes
  Require all granted
  SetOutputFilter INCLUDES
</Directory>
<Location />
  MellonEnable info
  MellonEndpointPath /mellon
  MellonSPentityId http://ADDRESS/mellon/metadata
  MellonSPPrivateKeyFile DIR/sp.key
  MellonSPCertFile DIR/sp.cert
  MellonIdPMetadataFile DIR/idp.xml
  MellonSignatureMethod rsa-sha256
  MellonSecureCookie Off
  MellonEnabledInvalidateSessionEndpoint On
  MellonMergeEnvVars On
  MellonSetEnvNoPrefix APP_MAIL urn:oid:0.9.2342.19200300.100.1.3
  MellonSetEnvNoPrefix APP_GROUPS urn:oid:1.3.6.1.4.1.5923.1.1.1.1
</Location>
<Location /secret>
  MellonEnable auth
  AuthType Mellon
  Require valid-user
</Location>
`

const secretPage = `USER=<!--#echo var="MELLON_NAME_ID" --> MAIL=<!--#echo var="APP_MAIL" --> ` +
	`GROUPS=<!--#echo var="APP_GROUPS" -->` + "\n"

// startApache starts an Apache that trusts the identity provider, and stops it
// when the test ends.
func startApache(t *testing.T, metadata []byte) *apache {
	t.Helper()
	for _, file := range []string{apacheProgram, apacheModules + "/mod_auth_mellon.so"} {
		if _, err := os.Stat(file); err != nil {
			harness.Missing(t, file+" is missing; run scripts/install.sh")
		}
	}
	address := harness.FreeAddress(t)
	a := &apache{dir: apacheDir(t), url: "http://" + address, out: new(harness.Log)}
	key, cert := spKeyPair(t)
	conf := strings.NewReplacer("DIR", a.dir, "ADDRESS", address, "MODULES", apacheModules).Replace(apacheConf)
	for name, content := range map[string][]byte{"httpd.conf": []byte(conf), "sp.key": key, "sp.cert": cert, "idp.xml": metadata,
		"www/index.html": []byte(secretPage), "www/secret/index.html": []byte(secretPage)} {
		if err := os.WriteFile(filepath.Join(a.dir, name), content, 0o644); err != nil { // Apache's children read the key too
			t.Fatal(err)
		}
	}
	a.start(t)
	return a
}

// apacheDir makes a directory that www-data may enter, unlike t.TempDir.
func apacheDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "poolhouse-mellon-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, d := range []string{"", "run", "www/secret"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, mode := range map[string]os.FileMode{dir: 0o755, filepath.Join(dir, "run"): 0o777} { // whatever the umask
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// start starts Apache and waits until it answers. It stays in the foreground,
// so that it is ours to end, in a process group of its own: Apache ends its whole
// group when it stops.
func (a *apache) start(t *testing.T) {
	t.Helper()
	a.cmd = exec.Command(apacheProgram, "-f", filepath.Join(a.dir, "httpd.conf"), "-D", "FOREGROUND")
	a.cmd.Stdout, a.cmd.Stderr = a.out, a.out
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.stop(t) })
	harness.Until(t, 20*time.Second, func() string { return "an answer of Apache" },
		func() bool { return harness.Answers(http.DefaultClient, a.url+"/mellon/metadata") })
}

// stop ends Apache with its children.
func (a *apache) stop(t *testing.T) {
	if t.Failed() {
		t.Logf("Apache printed:\n%s\nand logged:\n%s", a.out, a.errors(t))
	}
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stopping Apache: %v", err)
	}
	if err := a.cmd.Wait(); err != nil {
		t.Errorf("Apache ended with %v", err)
	}
}

func (a *apache) errors(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(a.dir, "run/error.log"))
	if err != nil {
		return err.Error()
	}
	return string(log)
}

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v\n%s", address, resp.StatusCode, err, body)
	}
	return body
}
