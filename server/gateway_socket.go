package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// listenSocket listens on a socket that the owner of the process alone can reach:
// of mode 0600, in a directory of mode 0700, which is made. It is made under
// another name and moved into place, so that it is open to others at no time and
// takes the place of one that a dead process left. It is an error if another
// process listens there, or something else stands there.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := privateDirectory(dir); err != nil {
		return nil, err
	}
	if err := checkStale(ctx, path); err != nil {
		return nil, err
	}
	raw := make([]byte, 4)
	rand.Read(raw)
	fresh := filepath.Join(dir, ".s"+hex.EncodeToString(raw)) // short: the name of a socket has about 100 bytes
	l, err := new(net.ListenConfig).Listen(ctx, "unix", fresh)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	s := &socket{Listener: l, path: fresh}
	if err := s.place(path); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// privateDirectory makes a directory that only its owner can enter, or checks it.
// Whoever owns it could put another socket in place, so that must be us: root could
// work in everybody's.
func privateDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is open to others (mode %04o): give the socket a directory of its own, chmod 700", dir, info.Mode().Perm())
	}
	if !isOurs(info) {
		return fmt.Errorf("%s belongs to another user", dir)
	}
	return nil
}

// checkStale returns nil if nothing stands at path, or a socket that nobody
// listens on.
func checkStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is no socket", path)
	}
	d := net.Dialer{Timeout: time.Second}
	if c, err := d.DialContext(ctx, "unix", path); err == nil {
		return errors.Join(fmt.Errorf("another process listens on %s", path), c.Close())
	}
	return nil
}

// A socket is a listener whose file goes away with it.
type socket struct {
	net.Listener
	path string
	file fs.FileInfo
}

func (s *socket) place(path string) (err error) {
	if err := os.Chmod(s.path, 0o600); err != nil {
		return err
	}
	if s.file, err = os.Lstat(s.path); err != nil {
		return err
	}
	if err := os.Rename(s.path, path); err != nil {
		return err
	}
	s.path = path
	return nil
}

// Close closes the socket and removes its file, unless another one took its place.
func (s *socket) Close() error {
	err := s.Listener.Close()
	if now, statErr := os.Lstat(s.path); statErr == nil && (s.file == nil || os.SameFile(now, s.file)) {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}
