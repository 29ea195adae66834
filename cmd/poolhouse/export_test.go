package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

// keyFile makes a key pair and returns the public key and the file of the private one.
func keyFile(t *testing.T) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), file(t, "key.txt", id.String()+"\n")
}

// served returns a directory that a server ran on.
func served(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p, _ := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--data", dir)
	p.stop(t)
	return dir
}

func TestExportAndRestore(t *testing.T) {
	dir, out, fresh := served(t), filepath.Join(t.TempDir(), "out.age"), filepath.Join(t.TempDir(), "fresh")
	recipient, identity := keyFile(t)
	if r := poolhouse(t, nil, "export", "--to", out, "--recipient", recipient, "--data", dir); r.code != 0 {
		t.Fatal(r)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	poolhouse(t, nil, "export", "--to", out, "--recipient", recipient, "--data", dir).wantFailure(t, 1, out, "exists")

	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	cut := file(t, "cut.age", string(whole[:len(whole)-40]))
	altered := bytes.Clone(whole)
	altered[len(altered)-40] ^= 1
	_, other := keyFile(t)
	poolhouse(t, nil, "restore", out, "--identity", other, "--data", fresh).wantFailure(t, 1, "identity did not match")
	poolhouse(t, nil, "restore", cut, "--identity", identity, "--data", fresh).wantFailure(t, 1, "not whole")
	poolhouse(t, nil, "restore", file(t, "altered.age", string(altered)), "--identity", identity, "--data", fresh).wantFailure(t, 1, "not whole")

	if r := poolhouse(t, nil, "restore", out, "--identity", identity, "--data", fresh); r.code != 0 {
		t.Fatal(r)
	}
	poolhouse(t, nil, "restore", out, "--identity", identity, "--data", fresh).wantFailure(t, 1, "not empty", "keys")
}

func TestExportRefuses(t *testing.T) {
	recipient, identity := keyFile(t)
	empty := t.TempDir()
	out := filepath.Join(t.TempDir(), "out.age")
	poolhouse(t, nil, "export", "--to", out, "--recipient", "age1nonsense", "--data", empty).wantFailure(t, 2, "recipient")
	poolhouse(t, nil, "export", "--to", out, "--data", empty).wantFailure(t, 2, "--recipient")
	poolhouse(t, nil, "export", "--to", out, "--recipient", recipient, "--data", empty).wantFailure(t, 1, "no database", empty)
	poolhouse(t, nil, "restore", out, "--identity", identity, "--data", empty).wantFailure(t, 1, out)
	for _, name := range []string{out, filepath.Join(empty, "poolhouse.db")} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}
