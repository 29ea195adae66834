package models

import (
	"sort"
	"testing"
)

func TestTables(t *testing.T) {
	if len(All()) != 10 {
		t.Fatalf("%d models", len(All()))
	}
	for _, m := range All() {
		if Find(m.Service) != m || m.SigningName == "" || m.Version == "" {
			t.Errorf("%s is incomplete", m.Service)
		}
		if !sort.SliceIsSorted(m.Operations, func(i, j int) bool { return m.Operations[i].Name < m.Operations[j].Name }) {
			t.Errorf("%s: operations are not sorted", m.Service)
		}
		for _, op := range m.Operations {
			if m.Operation(op.Name).Name != op.Name {
				t.Errorf("%s: %s is not found", m.Service, op.Name)
			}
			// The codecs write answers to the body only.
			if op.Output != None {
				for _, mem := range m.Shapes[op.Output].Members {
					if mem.Location != Body {
						t.Errorf("%s: %s answers %s outside the body", m.Service, op.Name, mem.Name)
					}
				}
			}
		}
		checkShapes(t, m)
	}
	if Find("nope") != nil || Find("sts").Operation("Nope") != nil {
		t.Error("something is found that is not there")
	}
}

func checkShapes(t *testing.T, m *Model) {
	t.Helper()
	for _, s := range m.Shapes {
		refs := []int{s.Key, s.Elem}
		for _, mem := range s.Members {
			refs = append(refs, mem.Shape)
			if mem.Location != Body && m.Protocol != RESTJSON {
				t.Errorf("%s: %s.%s is located outside the body", m.Service, s.Name, mem.Name)
			}
		}
		for _, r := range refs {
			if r < 0 || r >= len(m.Shapes) {
				t.Errorf("%s: %s refers to shape %d", m.Service, s.Name, r)
			}
		}
	}
}

func TestShapesKeepTheirConstraints(t *testing.T) {
	m := Find("cognito-idp")
	in := m.Shapes[m.Operation("AdminGetUser").Input]
	pool := m.Shapes[in.Members[0].Shape]
	if in.Members[0].Name != "UserPoolId" || !in.Members[0].Required || pool.Kind != String || pool.Max != 55 || pool.Min != 1 ||
		pool.Pattern != `[\w-]+_[0-9a-zA-Z]+` || !m.Shapes[in.Members[1].Shape].Sensitive {
		t.Errorf("got %+v and %+v", in, pool)
	}
	if op := Find("sts").Operation("AssumeRoleWithSAML"); !op.Unsigned || op.ResultWrapper != "AssumeRoleWithSAMLResult" {
		t.Errorf("got %+v", op)
	}
}
