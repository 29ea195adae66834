package server

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

//go:generate go test -run ^TestAPISupport$ -update-api-support .

var updateAPISupport = flag.Bool("update-api-support", false, "rewrite docs/api-support.md")

// docs/api-support.md says what the server's operation table says, and the
// tables agree with the service models.
func TestAPISupport(t *testing.T) {
	services := (&Services{}).apis(Config{}, nil, nil)
	for _, s := range services {
		if err := awsapi.CheckOps(s); err != nil {
			t.Error(err)
		}
		if err := awsapi.CheckErrors(s); err != nil {
			t.Error(err)
		}
	}
	var want bytes.Buffer
	if err := awsapi.WriteSupport(&want, services); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "docs", "api-support.md")
	if *updateAPISupport {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/api-support.md is out of date: run make generate")
	}
}
