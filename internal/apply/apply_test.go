package apply

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDiffering(t *testing.T) {
	tests := []struct {
		name       string
		want, have map[string]any
		names      []string
	}{
		{"equal", obj{"A": "x"}, obj{"A": "x"}, nil},
		{"other value", obj{"A": "x", "B": 1}, obj{"A": "y", "B": 2}, []string{"A", "B"}},
		{"the server's defaults don't count", obj{"A": obj{"X": 1}}, obj{"A": obj{"X": 1, "Y": 2}, "B": true}, nil},
		{"below a member", obj{"A": obj{"X": 1}}, obj{"A": obj{"X": 2}}, []string{"A"}},
		{"numbers of YAML and of JSON", obj{"A": 10}, obj{"A": 10.0}, nil},
		{"text is no number", obj{"A": "10"}, obj{"A": 10.0}, []string{"A"}},
		{"false is what is left out", obj{"A": false}, obj{}, nil},
		{"true is not", obj{"A": true}, obj{}, []string{"A"}},
		{"an empty list is what is left out", obj{"A": []string{}}, obj{}, nil},
		{"lists have no order", obj{"A": []string{"x", "y"}}, obj{"A": []any{"y", "x"}}, nil},
		{"one more in the list", obj{"A": []string{"x"}}, obj{"A": []any{"y", "x"}}, []string{"A"}},
		{"lists of structures", obj{"A": []obj{{"N": "x"}}}, obj{"A": []any{obj{"N": "x", "M": 1}}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := differing(tt.want, tt.have); !slices.Equal(got, tt.names) {
				t.Errorf("differing %v, want %v", got, tt.names)
			}
		})
	}
}

func TestSameDocument(t *testing.T) {
	tests := []struct {
		name, have, want string
		same             bool
	}{
		{"other order and spaces", `%7B%22A%22%3A1%2C%22B%22%3A%5B%22x%22%5D%7D`, `{ "B": ["x"], "A": 1 }`, true},
		{"another value", `%7B%22A%22%3A1%7D`, `{"A":2}`, false},
		{"a plus is a plus", `%7B%22A%22%3A%22a+b%22%7D`, `{"A":"a+b"}`, true},
		{"not a document", `%zz`, `{}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sameDocument(tt.have, tt.want); got != tt.same {
				t.Errorf("same %v, want %v", got, tt.same)
			}
		})
	}
}

func TestDocumentNamesIdentityPools(t *testing.T) {
	a := &Applier{idPools: map[string]string{"App": "us-east-1:id"}, file: &File{IdentityPools: []IdentityPool{{Name: "Soon"}}}}
	got, err := a.document(obj{"aud": "IDENTITY_POOL(App)", "less": "a<b"})
	if want := `{"aud":"us-east-1:id","less":"a<b"}`; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if got, err := a.document("IDENTITY_POOL(Soon)"); err != nil || got != `"IDENTITY_POOL(Soon)"` {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := a.document("IDENTITY_POOL(Nowhere)"); err == nil || !strings.Contains(err.Error(), `"Nowhere"`) {
		t.Errorf("error %v, want one that names the pool", err)
	}
}

func TestTwoOfOneName(t *testing.T) {
	ids := map[string]string{}
	index(ids, "A", "1")
	index(ids, "B", "2")
	index(ids, "B", "3")
	if id, ok, err := known(ids, "pool", "A"); id != "1" || !ok || err != nil {
		t.Errorf("%q, %v, %v", id, ok, err)
	}
	if _, ok, err := known(ids, "pool", "C"); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if _, _, err := known(ids, "pool", "B"); err == nil || !strings.Contains(err.Error(), `more than one pool called "B"`) {
		t.Errorf("error %v", err)
	}
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, text string
		parts      []string // of the error; none for a good file
	}{
		{"empty", "", nil},
		{"unknown key", "pools:\n  - name: A\n    colour: blue\n", []string{"line 3", "colour"}},
		{"no name", "pools:\n  - domain: a\n", []string{"a pool has no name"}},
		{"twice", "roles:\n  - name: A\n  - name: A\n", []string{`role "A" stands twice`}},
		{"one name in two pools", "pools:\n  - name: A\n    groups: [{name: g}]\n  - name: B\n    groups: [{name: g}]\n", nil},
		{"SAML app without metadata", "pools:\n  - name: A\n    samlApps: [{name: s}]\n", []string{`SAML app "s"`, "metadataFile", "metadataUrl"}},
		{"provider with two sources", "samlProviders:\n  - {name: P, pool: A, metadataFile: f}\n", []string{`SAML provider "P"`}},
		{"all at once", "pools:\n  - domain: a\nroles:\n  - path: /\n", []string{"a pool has no name", "a role has no name"}},
		{"not YAML", "pools: [", []string{"line 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "company.yaml")
			if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(name)
			if len(tt.parts) == 0 && err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.parts {
				if err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), name) {
					t.Errorf("error %v, want one with the file and %q", err, part)
				}
			}
		})
	}
}
