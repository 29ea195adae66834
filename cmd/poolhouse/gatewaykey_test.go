package main

import (
	"regexp"
	"testing"
)

var gatewayKeyForm = regexp.MustCompile(`^VGW_IAM_STANDALONE_ACCESS=PHGW[0-9A-F]{16}\nVGW_IAM_STANDALONE_SECRET=\S{40}\n$`)

func TestGatewayKey(t *testing.T) {
	dir := served(t)
	show := func(args ...string) string {
		t.Helper()
		r := poolhouse(t, nil, append([]string{"gateway-key", "--data", dir}, args...)...)
		if r.code != 0 || !gatewayKeyForm.MatchString(r.stdout) {
			t.Fatal(r)
		}
		return r.stdout
	}
	first := show()
	if again := show(); again != first {
		t.Error("another key though none was asked for")
	}
	if second := show("--rotate"); second == first || show() != second {
		t.Error("the key was not replaced")
	}
	poolhouse(t, nil, "gateway-key", "--data", dir, "--keep", "-1s").wantFailure(t, 2, "keep")
	poolhouse(t, nil, "gateway-key", "--data", t.TempDir()).wantFailure(t, 1, "no database")
}
