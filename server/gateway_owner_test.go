//go:build unix

package server

import (
	"os"
	"strings"
	"testing"
)

// A directory of somebody else's is no place for the socket, even where root could
// use it: they could put a socket of their own there.
func TestSocketDirectoryIsOurs(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := privateDirectory(dir); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 { // who cannot give a directory away has root's to look at
		info, err := os.Stat("/")
		if err != nil || isOurs(info) {
			t.Errorf("/ is ours, %v", err)
		}
		return
	}
	if err := os.Chown(dir, 1, -1); err != nil {
		t.Fatal(err)
	}
	if err := privateDirectory(dir); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("a directory of another user: %v", err)
	}
}
