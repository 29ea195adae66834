package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a process looks whether another one is done.
const lockPoll = 50 * time.Millisecond

// maxFile is more than any profile has, in bytes.
const maxFile = 1 << 20

// A Dir is where profiles are kept.
type Dir string

// Home is the Dir of the person who runs the program: $POOLHOUSE_HOME, or poolhouse
// below the system's place for configuration.
func Home(getenv func(string) string) (Dir, error) {
	if d := getenv("POOLHOUSE_HOME"); d != "" {
		return Dir(d), nil
	}
	base, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return Dir(filepath.Join(base, "poolhouse")), nil
}

func (d Dir) file(name string) string { return filepath.Join(string(d), "profiles", name+".json") }

// Load reads a profile. Where there is none it is ErrNoProfile.
func (d Dir) Load(name string) (*Profile, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	text, err := readSmall(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s. Run: poolhouse login --profile %s", ErrNoProfile, name, name)
	}
	if err != nil {
		return nil, err
	}
	p := new(Profile)
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, d.file(name), err)
	}
	return p, p.Check()
}

func readSmall(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%w: %s is too large", ErrInvalid, file)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// Update changes a profile while no other process can. Where there is none, fn gets an
// empty one if fresh is set; otherwise it is ErrNoProfile. What fn leaves in the
// profile is kept even where it fails, as a token that it used may be spent.
func (d Dir) Update(ctx context.Context, name string, fresh bool, fn func(*Profile) error) error {
	return d.locked(ctx, name, func() error {
		p, err := d.Load(name)
		if errors.Is(err, ErrNoProfile) && fresh {
			p, err = new(Profile), nil
		}
		if err != nil {
			return err
		}
		before, _ := json.Marshal(p)
		failed := fn(p)
		after, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return errors.Join(failed, err)
		}
		if now, _ := json.Marshal(p); string(now) == string(before) {
			return failed
		}
		return errors.Join(failed, WriteFile(d.file(name), append(after, '\n')))
	})
}

// Delete forgets a profile.
func (d Dir) Delete(ctx context.Context, name string) error {
	return d.locked(ctx, name, func() error { return os.Remove(d.file(name)) })
}

func (d Dir) locked(ctx context.Context, name string, fn func() error) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.file(name)), 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(string(d), "profiles", "."+name+".lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return fmt.Errorf("profile %s is in use by another process: %w", name, err)
	}
	defer func() { _ = lock.Unlock() }() // closing the file does
	return fn()
}

// WriteFile replaces a file by one of mode 0600, whole or not at all.
func WriteFile(file string, text []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
