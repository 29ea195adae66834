// Gen writes what the Go code needs of the service models: the shapes of each
// operations package and the tables of package models. Run it with
// "go generate ./internal/awsapi".
package main

import (
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
)

// packages names the operations package of each service whose shapes are
// written, relative to the root of the module.
var packages = map[string]string{
	"cognito-idp":      "userpool/cognitoidp",
	"cognito-identity": "sts/cognitoidentity",
	"cognito-sync":     "sync/cognitosync",
	"sts":              "sts/stsapi",
	"iam":              "sts/iamapi",
	"poolhouse":        "server/poolhouseapi",
	"kms":              "userpool/kmsapi",
	"cloudtrail":       "server/cloudtrailapi",
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	// go generate runs in the directory of the file that asks for it.
	if err := run(filepath.Join("..", "..")); err != nil {
		log.Fatal(err)
	}
}

func run(root string) error {
	files, err := filepath.Glob(filepath.Join(root, "internal/awsapi/models/*.json"))
	if err != nil {
		return err
	}
	var all []*model
	for _, file := range files {
		m, err := load(file)
		if err != nil {
			return err
		}
		all = append(all, m)
		table := filepath.Join(root, "internal/awsapi/models", tableName(m.Service)+"_gen.go")
		if err := write(table, tableFile(m)); err != nil {
			return err
		}
		if dir := packages[m.Service]; dir != "" {
			out := filepath.Join(root, dir, "shapes_gen.go")
			if err := write(out, shapesFile(m, filepath.Base(dir))); err != nil {
				return err
			}
		}
	}
	return write(filepath.Join(root, "internal/awsapi/models/all_gen.go"), listFile(all))
}

// write stores formatted source, making the directory if need be.
func write(file string, src []byte) error {
	src, err := format.Source(src)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, src, 0o644)
}
