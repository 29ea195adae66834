package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestServeRefusesAnOpenAddress(t *testing.T) {
	poolhouse(t, nil, "serve", "--addr", "0.0.0.0:0", "--data", t.TempDir()).
		wantFailure(t, 2, "0.0.0.0:0", "tls-cert", "tls-key", "trusted-proxies")
}

func TestServeReportsAllMistakesAtOnce(t *testing.T) {
	poolhouse(t, nil, "serve", "--addr", "127.0.0.1:0", "--account", "12", "--region", "mars", "--data", t.TempDir()).
		wantFailure(t, 2, "account", "region")
}

func TestUnknownKeyInConfig(t *testing.T) {
	name := file(t, "poolhouse.yaml", "addr: 127.0.0.1:0\naccount: \"000000000000\"\ncolour: blue\n")
	poolhouse(t, nil, "serve", "--config", name).wantFailure(t, 2, name, "line 3", "colour")
}

// The flag beats the environment, which beats the file, which beats the default.
func TestConfigPrecedence(t *testing.T) {
	name := file(t, "poolhouse.yaml", "addr: 127.0.0.1:0\naccount: \"111111111111\"\ntrusted-proxies: [10.0.0.0/8, 192.168.0.0/16]\ndata: "+t.TempDir()+"\n")
	root := map[string]string{"POOLHOUSE_ROOT_ACCESS_KEY_ID": "AKIATEST", "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": "a-secret-of-the-test"}
	tests := []struct {
		name, environment, flag, want string
	}{
		{"file", "", "", "111111111111"},
		{"environment over file", "222222222222", "", "222222222222"},
		{"flag over environment", "222222222222", "333333333333", "333333333333"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment := map[string]string{"POOLHOUSE_ACCOUNT": tt.environment}
			for k, v := range root {
				environment[k] = v
			}
			args := []string{"serve", "--config", name}
			if tt.flag != "" {
				args = append(args, "--account", tt.flag)
			}
			p, url := start(t, environment, args...)
			defer p.stop(t)
			arn, err := callerARN(t, url, "AKIATEST", "a-secret-of-the-test")
			if want := "arn:aws:iam::" + tt.want + ":root"; err != nil || arn != want {
				t.Errorf("caller %q, %v; want %q", arn, err, want)
			}
			if strings.Contains(p.stdout.String(), "SECRET") {
				t.Errorf("a key that was given is printed:\n%s", p.stdout.String())
			}
		})
	}
}

// A list in the file arrives as a list: the last of its networks is believed.
func TestConfigList(t *testing.T) {
	name := file(t, "poolhouse.yaml", "addr: 127.0.0.1:0\ntrusted-proxies: [10.0.0.0/8, nonsense]\ndata: "+t.TempDir()+"\n")
	poolhouse(t, nil, "serve", "--config", name).wantFailure(t, 2, `trusted-proxies "nonsense"`)
}

var printedKey = regexp.MustCompile(`AWS_ACCESS_KEY_ID=(\S+)\s+AWS_SECRET_ACCESS_KEY=(\S+)`)

func TestRootKeyIsPrintedOnce(t *testing.T) {
	args := []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir()}
	p, url := start(t, nil, args...)
	keys := printedKey.FindAllStringSubmatch(p.stdout.String(), -1)
	if len(keys) != 1 {
		t.Fatalf("the first start printed %d keys:\n%s", len(keys), p.stdout.String())
	}
	id, secret := keys[0][1], keys[0][2]
	if _, err := callerARN(t, url, id, secret); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.stderr.String(), secret) {
		t.Error("the secret is in the log")
	}
	p.stop(t)

	p, url = start(t, nil, args...)
	defer p.stop(t)
	if out := p.stdout.String(); strings.Contains(out, id) || printedKey.MatchString(out) {
		t.Errorf("the second start printed a key:\n%s", out)
	}
	if _, err := callerARN(t, url, id, secret); err != nil {
		t.Errorf("the key of the first start: %v", err)
	}
}

func TestMasterKey(t *testing.T) {
	right, wrong := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	with := func(key string) map[string]string {
		return map[string]string{"POOLHOUSE_MASTER_KEY": key, "POOLHOUSE_ROOT_ACCESS_KEY_ID": "AKIATEST", "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": "a-secret-of-the-test"}
	}
	dir := t.TempDir()
	args := []string{"serve", "--addr", "127.0.0.1:0", "--data", dir}

	poolhouse(t, with("too-short"), args...).wantFailure(t, 1, "POOLHOUSE_MASTER_KEY", "32 bytes")

	p, _ := start(t, with(right), args...)
	p.stop(t)
	if _, err := os.Stat(filepath.Join(dir, "master.key")); err == nil {
		t.Error("a master key file was made although the environment has the key")
	}

	poolhouse(t, with(wrong), args...).wantFailure(t, 1, "master key")
	poolhouse(t, with(""), args...).wantFailure(t, 1, "master.key", "POOLHOUSE_MASTER_KEY")
	if _, err := os.Stat(filepath.Join(dir, "master.key")); err == nil {
		t.Error("a new master key was made for a store that another one sealed")
	}

	p, url := start(t, with(right), args...) // nothing was damaged
	defer p.stop(t)
	if _, err := callerARN(t, url, "AKIATEST", "a-secret-of-the-test"); err != nil {
		t.Error(err)
	}
}

func TestLostMasterKeyFile(t *testing.T) {
	dir := t.TempDir()
	args := []string{"serve", "--addr", "127.0.0.1:0", "--data", dir}
	p, _ := start(t, nil, args...)
	id := printedKey.FindStringSubmatch(p.stdout.String())
	p.stop(t)
	name := filepath.Join(dir, "master.key")
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	poolhouse(t, nil, args...).wantFailure(t, 1, name, "POOLHOUSE_MASTER_KEY")
	if err := os.WriteFile(name, []byte(hex.EncodeToString(make([]byte, 32))), 0o600); err != nil {
		t.Fatal(err)
	}
	poolhouse(t, nil, args...).wantFailure(t, 1, "master key")
	if err := os.WriteFile(name, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	p, url := start(t, nil, args...)
	defer p.stop(t)
	if _, err := callerARN(t, url, id[1], id[2]); err != nil {
		t.Error(err)
	}
}

// The secrets of messages come from the environment.
func TestMessageSecrets(t *testing.T) {
	args := []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--smtp-url", "smtp://bob@mail.example.com",
		"--mail-from", "Pool <a@example.com>", "--sms-webhook", "https://sms.example.com/"}
	poolhouse(t, nil, args...).wantFailure(t, 1, "POOLHOUSE_SMTP_PASSWORD", "POOLHOUSE_SMS_WEBHOOK_SECRET")
	p, _ := start(t, map[string]string{"POOLHOUSE_SMTP_PASSWORD": "hunter2", "POOLHOUSE_SMS_WEBHOOK_SECRET": "whsec_" + strings.Repeat("A", 32)}, args...)
	p.stop(t)
	if strings.Contains(p.stdout.String()+p.stderr.String(), "hunter2") {
		t.Error("the password is printed")
	}
}
