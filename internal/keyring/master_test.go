package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

func TestLoadMasterFromEnv(t *testing.T) {
	want := bytes.Repeat([]byte{0xfb}, 32)
	for _, env := range []string{hex.EncodeToString(want), base64.StdEncoding.EncodeToString(want),
		base64.RawURLEncoding.EncodeToString(want) + "\n"} {
		got, err := keyring.LoadMaster(t.TempDir(), env, false)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %x, %v", env, got, err)
		}
	}
	for _, env := range []string{"correct horse", hex.EncodeToString(want[:31]), base64.StdEncoding.EncodeToString(append(want, 1))} {
		_, err := keyring.LoadMaster(t.TempDir(), env, true)
		if err == nil || !strings.Contains(err.Error(), "POOLHOUSE_MASTER_KEY") || strings.Contains(err.Error(), env) {
			t.Errorf("%q: %v", env, err)
		}
	}
}

func TestLoadMasterFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	if _, err := keyring.LoadMaster(dir, "", false); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("lost key: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("made a new key over existing data")
	}
	made, err := keyring.LoadMaster(dir, "", true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info.Mode(), err)
	}
	if again, err := keyring.LoadMaster(dir, "", true); err != nil || !bytes.Equal(again, made) {
		t.Errorf("second start: another key, %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files left: %v, %v", files, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.LoadMaster(dir, "", false); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by all: %v", err)
	}
}

func TestLoadMasterTwoStartsAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	keys := make([][]byte, 8)
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = keyring.LoadMaster(dir, "", true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if !bytes.Equal(key, keys[0]) {
			t.Fatal("two master keys were made")
		}
	}
}
