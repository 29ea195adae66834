package main

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/breach"
)

func listed(password string, count int) string {
	return fmt.Sprintf("%X:%d\r\n", sha1.Sum([]byte(password)), count)
}

// From files or standard input, into a file that the server can ask.
func TestBreachBuild(t *testing.T) {
	one, two := file(t, "one.txt", listed("one", 5)), file(t, "two.txt", listed("two", 1))
	out := filepath.Join(t.TempDir(), "list")
	for _, tt := range []struct {
		args  []string
		input string
		has   []string
		not   string
	}{
		{[]string{one, two}, "", []string{"one", "two"}, "three"},
		{[]string{"--least", "5", one, two}, "", []string{"one"}, "two"},
		{nil, listed("three", 1), []string{"three"}, "one"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"breach", "build", "-o", out}, tt.args...), os.Getenv, strings.NewReader(tt.input), &stdout, &stderr)
		if want := fmt.Sprintf("Wrote %d passwords to %s\n", len(tt.has), out); code != 0 || stdout.String() != want {
			t.Fatalf("%q: %d, %s%s", tt.args, code, &stdout, &stderr)
		}
		l, err := breach.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, password := range append(tt.has, tt.not) {
			if found, err := l.Contains(password); err != nil || found != (password != tt.not) {
				t.Errorf("%q: %s: %t, %v", tt.args, password, found, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A list with a bad line makes no file, and the message says where it is.
func TestBreachBuildOfABadList(t *testing.T) {
	bad := file(t, "bad.txt", listed("one", 1)+"hunter2\n")
	out := filepath.Join(t.TempDir(), "list")
	r := poolhouse(t, nil, "breach", "build", "-o", out, bad)
	r.wantFailure(t, 1, bad, "line 2", "SHA-1")
	if strings.Contains(r.stderr, "hunter2") {
		t.Error("the message quotes the line, which may be a password")
	}
	if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) != 0 {
		t.Error("left behind:", left, err)
	}
	poolhouse(t, nil, "breach", "build", "-o", out, filepath.Join(t.TempDir(), "none")).wantFailure(t, 1, "none")
}

// The server does not start with a file that is not whole.
func TestServeRefusesBadFiles(t *testing.T) {
	bad := file(t, "bad", "not what it should be")
	for _, flag := range []string{"--breach-filter", "--geoip-db"} {
		poolhouse(t, nil, "serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), flag, bad).wantFailure(t, 1, bad)
	}
}
