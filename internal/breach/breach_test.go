package breach_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/breach"
)

// line is a password as it stands in a list.
func line(password string, count int) string {
	return fmt.Sprintf("%X:%d\n", sha1.Sum([]byte(password)), count)
}

// build makes a list of texts and returns its file.
func build(t testing.TB, least uint64, texts ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "list")
	b, err := breach.NewBuilder(name)
	must(t, err)
	b.Least = least
	for _, text := range texts {
		must(t, b.Add(strings.NewReader(text)))
	}
	_, err = b.Finish()
	must(t, err)
	must(t, b.Close())
	left, err := os.ReadDir(filepath.Dir(name))
	must(t, err)
	if len(left) != 1 {
		t.Fatalf("left behind: %v", left)
	}
	return name
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, name string) *breach.List {
	t.Helper()
	l, err := breach.Open(name)
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func TestEveryPasswordIsFound(t *testing.T) {
	const n = 5000
	var texts [2]strings.Builder
	for _, i := range rand.Perm(n) { // in no order, over two files, some in both
		texts[i%2].WriteString(line(fmt.Sprint("password ", i), 1))
		if i%10 == 0 {
			texts[0].WriteString(strings.ToLower(line(fmt.Sprint("password ", i), 7)))
		}
	}
	l := open(t, build(t, 0, texts[0].String(), texts[1].String()))
	if l.Len() != n {
		t.Fatalf("%d passwords, want %d", l.Len(), n)
	}
	for i := range 2 * n {
		found, err := l.Contains(fmt.Sprint("password ", i))
		must(t, err)
		if found != (i < n) {
			t.Fatalf("password %d: %t", i, found)
		}
	}
}

// The forms that lists come in.
func TestLines(t *testing.T) {
	hash := strings.TrimSuffix(line("one", 1), ":1\n")
	for _, text := range []string{hash, hash + "\n", hash + ":3\r\n", "\n\n" + strings.ToLower(hash) + ":3", " " + hash + " \n"} {
		if found, err := open(t, build(t, 0, text)).Contains("one"); !found || err != nil {
			t.Errorf("%q: %t, %v", text, found, err)
		}
	}
}

func TestSeldomPasswordsAreLeftOut(t *testing.T) {
	l := open(t, build(t, 10, line("seldom", 9)+line("often", 10)))
	for password, want := range map[string]bool{"seldom": false, "often": true} {
		if found, err := l.Contains(password); found != want || err != nil {
			t.Errorf("%s: %t, %v", password, found, err)
		}
	}
}

func TestBadLinesAreNamed(t *testing.T) {
	hash := strings.TrimSuffix(line("one", 1), ":1\n")
	for _, bad := range []string{"password", hash[1:] + ":1", hash + "0:1", "x" + hash[1:] + ":1", hash + ":", hash + ":-1", hash + ":one", strings.Repeat("0", 1000)} {
		name := filepath.Join(t.TempDir(), "list")
		b, err := breach.NewBuilder(name)
		must(t, err)
		if err := b.Add(strings.NewReader(line("fine", 1) + bad + "\n")); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%q: %v", bad, err)
		}
		must(t, b.Close())
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Error("a file of a list that is not whole:", err)
		}
	}
}

func TestTheFileThatThereWasStays(t *testing.T) {
	name := build(t, 0, line("one", 1))
	b, err := breach.NewBuilder(name)
	must(t, err)
	must(t, b.Add(strings.NewReader(line("two", 1))))
	must(t, b.Close())
	if found, err := open(t, name).Contains("one"); !found || err != nil {
		t.Fatal(found, err)
	}
}

func TestSize(t *testing.T) {
	info, err := os.Stat(build(t, 0, line("one", 1)+line("two", 1)))
	must(t, err)
	if info.Size() != 524_316+2*5 {
		t.Fatal(info.Size())
	}
}

// A file that is cut short, longer, changed at its head or none at all is refused,
// and the error says which file.
func TestFilesThatAreNotWhole(t *testing.T) {
	name := build(t, 0, line("one", 1)+line("two", 1))
	good, err := os.ReadFile(name)
	must(t, err)
	changed := func(at int) []byte {
		out := bytes.Clone(good)
		out[at] ^= 1
		return out
	}
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint64(huge[16+65536*8:], 1<<63)
	for what, content := range map[string][]byte{"empty": nil, "head alone": good[:100], "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0),
		"magic": changed(0), "starts": changed(1000), "checksum": changed(524_316 - 1), "huge": huge, "text": []byte(line("one", 1))} {
		bad := filepath.Join(t.TempDir(), "bad")
		must(t, os.WriteFile(bad, content, 0o600))
		if _, err := breach.Open(bad); !errors.Is(err, breach.ErrFormat) || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := breach.Open(t.TempDir()); !errors.Is(err, breach.ErrFormat) {
		t.Error("a directory:", err)
	}
	if _, err := breach.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error("no file:", err)
	}
}

// A file that shrinks while it is open is an error, not a word on the password.
func TestTheFileShrinks(t *testing.T) {
	name := build(t, 0, line("one", 1))
	l := open(t, name)
	must(t, os.Truncate(name, 524_316))
	if found, err := l.Contains("one"); found || err == nil {
		t.Fatal(found, err)
	}
}

// FuzzOpen: whatever the file is, it is refused or can be asked.
func FuzzOpen(f *testing.F) {
	good, err := os.ReadFile(build(f, 0, line("one", 1)+line("two", 1)))
	must(f, err)
	f.Add(good[len(good)-40:], uint32(0))
	f.Add([]byte{0, 0, 0, 1}, uint32(70_000))
	f.Fuzz(func(t *testing.T, patch []byte, at uint32) {
		file := bytes.Clone(good)
		copy(file[int(at)%len(file):], patch)
		file = file[:len(file)-len(patch)%7]
		name := filepath.Join(t.TempDir(), "list")
		must(t, os.WriteFile(name, file, 0o600))
		l, err := breach.Open(name)
		if err != nil {
			return
		}
		defer l.Close()
		if _, err := l.Contains("one"); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzLines: a text is taken or refused, and what is taken is found.
func FuzzLines(f *testing.F) {
	f.Add(line("one", 1), "one")
	f.Add("zz\n\r:", "")
	f.Fuzz(func(t *testing.T, text, password string) {
		name := filepath.Join(t.TempDir(), "list")
		b, err := breach.NewBuilder(name)
		must(t, err)
		defer b.Close()
		if err := b.Add(strings.NewReader(line(password, 1) + text)); err != nil {
			return
		}
		_, err = b.Finish()
		must(t, err)
		if found, err := open(t, name).Contains(password); !found || err != nil {
			t.Fatal(found, err)
		}
	})
}

func BenchmarkContains(b *testing.B) {
	var text strings.Builder
	for i := range 1_000_000 {
		text.WriteString(line(fmt.Sprint(i), 1))
	}
	l := open(b, build(b, 0, text.String()))
	for b.Loop() {
		if _, err := l.Contains("none of them"); err != nil {
			b.Fatal(err)
		}
	}
}
