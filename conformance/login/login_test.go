// Package login_test signs in on the command line, and lets SDKs find the credentials:
// by a process, from a container's endpoint, from a file with a token.
package login_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestCommandLine(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		d := newDesk(t, s)
		t.Run("browser", d.browser)
		t.Run("SDKs", d.sdks)
		t.Run("one refresh for many", d.crowd)
		t.Run("identity pool", d.identityPool)
		t.Run("signed out elsewhere", d.signedOutElsewhere)
		t.Run("device", d.device)
		t.Run("logout", d.logout)
	})
}

// browser signs in by the loopback flow. What a stranger sends to the address that
// listens meanwhile ends nothing.
func (d *desk) browser(t *testing.T) {
	login := d.start(t, "login", "--no-browser", "--issuer", d.issuer, "--client-id", d.client, "--role-arn", d.role)
	to := d.signIn(t, login)
	forged := *to
	forged.RawQuery = strings.Replace(to.RawQuery, "state=", "state=x", 1)
	if status, _ := d.get(t, forged.String(), ""); status != http.StatusNotFound {
		t.Errorf("a forged answer gets %d", status)
	}
	if status, body := d.get(t, to.String(), ""); status != http.StatusOK || !strings.Contains(body, "close this page") {
		t.Errorf("the answer gets %d %s", status, body)
	}
	login.succeeds(t)
	info, err := os.Stat(d.file())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the profile: %v, %v", info, err)
	}
}

// sdks has boto3 find the credentials in each of the ways that its default chain has.
func (d *desk) sdks(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	process := "[default]\ncredential_process = " + harness.Binary(t) + " credentials\n"
	if err := os.WriteFile(config, []byte(process), 0o600); err != nil {
		t.Fatal(err)
	}
	web := filepath.Join(t.TempDir(), "token")
	agent := d.start(t, "agent", "--addr", harness.FreeAddress(t), "--web-identity-token-file", web)
	address := agent.wait(t, `AWS_CONTAINER_CREDENTIALS_FULL_URI=(\S+)`)
	token := agent.wait(t, `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=(\S+)`)
	harness.Until(t, 20*time.Second, func() string { return "the token file" }, func() bool { _, err := os.Stat(web); return err == nil })
	secret, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	harness.Python(t, "login/credentials.py", "AWS_ENDPOINT_URL="+d.URL, "AWS_DEFAULT_REGION="+harness.Region, "AWS_EC2_METADATA_DISABLED=true",
		"POOLHOUSE_HOME="+d.home, "PROCESS_CONFIG="+config, "CONTAINER_URI="+address, "CONTAINER_TOKEN_FILE="+token,
		"WEB_TOKEN_FILE="+web, "ROLE_ARN="+d.role)
	if status, body := d.get(t, address, ""); status != http.StatusUnauthorized || strings.Contains(body, "Secret") {
		t.Errorf("without a token the agent answers %d %s", status, body)
	}
	if status, _ := d.get(t, address, string(secret)+"x"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token it answers %d", status)
	}
	req, _ := http.NewRequest(http.MethodGet, address, nil)
	req.Host = "evil.example:80"
	req.Header.Set("Authorization", string(secret))
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("under another name it answers %v, %v", resp, err)
	}
	if out, err := d.run("agent", "--addr", "0.0.0.0:0"); err == nil || !strings.Contains(out, "loopback") {
		t.Errorf("an agent for other machines: %v %s", err, out)
	}
}

// crowd asks from many processes at once when everything has ended. The refresh token
// rotates without grace, so a second use would end the sign-in.
func (d *desk) crowd(t *testing.T) {
	for range 2 {
		d.age(t)
		var mu sync.Mutex
		keys := map[string]int{}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				key := d.credentials(t).AccessKeyId
				mu.Lock()
				defer mu.Unlock()
				keys[key]++
			})
		}
		all.Wait()
		if len(keys) != 1 {
			t.Errorf("the processes got different credentials: %v", keys)
		}
	}
}

// identityPool gets the credentials of an identity by the same sign-in.
func (d *desk) identityPool(t *testing.T) {
	login := d.start(t, "login", "--no-browser", "--profile", "sync", "--issuer", d.issuer, "--client-id", d.client, "--identity-pool", d.IdentityPoolID)
	d.answer(t, login)
	c := d.credentials(t, "--profile", "sync")
	out, err := d.As(c.AccessKeyId, c.SecretAccessKey, c.SessionToken).STS.GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.Contains(*out.Arn, ":assumed-role/AppUser/") {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := d.run("sync", "set", "--profile", "sync", "notes", "milk", "two bottles"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := d.run("sync", "get", "--profile", "sync", "notes", "milk", "--raw"); err != nil || out != "two bottles" {
		t.Errorf("%v: %s", err, out)
	}
}

// signedOutElsewhere: whose refresh token is dead is told what to do.
func (d *desk) signedOutElsewhere(t *testing.T) {
	d.signOutEverywhere(t)
	d.age(t)
	if out, err := d.run("credentials"); err == nil || !strings.Contains(out, "poolhouse login --profile default") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := d.run("credentials", "--profile", "other"); err == nil || !strings.Contains(out, "poolhouse login --profile other") {
		t.Errorf("%v: %s", err, out)
	}
}

// device signs in on a machine without a browser, in a second profile's place. What
// the profile was for stays.
func (d *desk) device(t *testing.T) {
	login := d.start(t, "login", "--device")
	v := harness.NewBrowser(t, nil)
	page := v.Walk(t, login.wait(t, `or open (\S+)`), &d.Bob, nil)
	for range 2 { // the code, then the question whether it is oneself
		form := page.Form("user_code")
		if form == nil {
			t.Fatalf("no form at %s:\n%s", page.URL, page.Body)
		}
		if strings.Contains(page.Body, `value="allow"`) {
			form.Fields.Set("decision", "allow")
		}
		page = v.Submit(t, page, *form)
	}
	login.succeeds(t)
	c := d.credentials(t)
	out, err := d.As(c.AccessKeyId, c.SecretAccessKey, c.SessionToken).STS.GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.HasSuffix(*out.Arn, ":assumed-role/cli/bob") {
		t.Errorf("%+v, %v", out, err)
	}
}

// logout ends the sign-in at the server and here.
func (d *desk) logout(t *testing.T) {
	var kept struct {
		Tokens struct {
			Refresh string `json:"refresh_token"`
		}
	}
	d.read(t, &kept)
	if out, err := d.run("logout"); err != nil {
		t.Fatal(out)
	}
	if _, err := os.Stat(d.file()); err == nil {
		t.Error("the profile is still there")
	}
	if d.refresh(t, kept.Tokens.Refresh) == http.StatusOK {
		t.Error("the refresh token still works")
	}
	if out, err := d.run("credentials"); err == nil {
		t.Errorf("credentials without a sign-in: %s", out)
	}
}

// age has the profile's credentials and ID token end an hour ago.
func (d *desk) age(t *testing.T) {
	t.Helper()
	var p map[string]any
	d.read(t, &p)
	was := time.Now().Add(-2 * time.Hour).Format(time.RFC3339)
	for _, part := range []string{"tokens", "credentials"} {
		if of, ok := p[part].(map[string]any); ok {
			of["issued"], of["expires"] = was, was
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.file(), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A command is the program while it runs.
type command struct {
	*exec.Cmd

	mu      sync.Mutex
	printed bytes.Buffer
	done    chan error
}

func (d *desk) start(t *testing.T, args ...string) *command {
	t.Helper()
	c := &command{Cmd: exec.Command(harness.Binary(t), args...), done: make(chan error, 1)}
	c.Env = d.env()
	read, write := io.Pipe()
	c.Stdout, c.Stderr = write, write
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(read); lines.Scan(); {
			c.mu.Lock()
			c.printed.WriteString(lines.Text() + "\n")
			c.mu.Unlock()
		}
	}()
	go func() { c.done <- c.Wait(); write.Close() }()
	t.Cleanup(func() { c.Process.Kill() })
	return c
}

// wait waits until what was printed matches and returns the first group.
func (c *command) wait(t *testing.T, pattern string) (found string) {
	t.Helper()
	harness.Until(t, 20*time.Second, func() string { return pattern }, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		m := regexp.MustCompile(pattern).FindStringSubmatch(c.printed.String())
		if m != nil {
			found = m[1]
		}
		return m != nil
	})
	return found
}

func (c *command) succeeds(t *testing.T) {
	t.Helper()
	select {
	case err := <-c.done:
		if err != nil {
			t.Fatalf("%v\n%s", err, c.printed.String())
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the command does not end")
	}
}
