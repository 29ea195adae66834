package keyring

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	masterEnv  = "POOLHOUSE_MASTER_KEY"
	masterFile = "master.key"
)

// LoadMaster returns the master key: env, the value of POOLHOUSE_MASTER_KEY,
// where it is set, else the file master.key in dir. fresh says that the store
// holds nothing sealed yet (see Fresh); only then a missing file is made.
func LoadMaster(dir, env string, fresh bool) ([]byte, error) {
	if env != "" {
		return parseMaster(env, masterEnv)
	}
	path := filepath.Join(dir, masterFile)
	key, err := readMaster(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if !fresh {
		return nil, fmt.Errorf("keyring: the database was sealed with a master key, but %s is gone and %s is not set; "+
			"restore the file from a backup", path, masterEnv)
	}
	return makeMaster(path)
}

func parseMaster(text, name string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if key, err := hex.DecodeString(text); err == nil && len(key) == MasterSize {
		return key, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if key, err := enc.DecodeString(text); err == nil && len(key) == MasterSize {
			return key, nil
		}
	}
	return nil, fmt.Errorf("keyring: %s must hold exactly %d bytes as base64 or hex", name, MasterSize)
}

func readMaster(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keyring: %s may be read by others (mode %04o); chmod 600 it", path, info.Mode().Perm())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseMaster(string(raw), path)
}

// makeMaster writes a new key. It writes aside and links, so that a process that
// starts at the same time never reads half a key, and one key wins.
func makeMaster(path string) ([]byte, error) {
	key := make([]byte, MasterSize)
	rand.Read(key)
	aside, err := os.CreateTemp(filepath.Dir(path), masterFile+"-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(aside.Name())
	_, err = aside.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, aside.Sync(), aside.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(aside.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return readMaster(path)
}

// syncDir makes the new name durable: data sealed under a key that a power cut
// takes away is lost.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
