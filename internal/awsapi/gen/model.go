package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"
)

// A model is one service as its JSON file in ../models describes it.
type model struct {
	Service      string                `json:"service"`
	APIVersion   string                `json:"apiVersion"`
	FullName     string                `json:"serviceFullName"`
	Protocol     string                `json:"protocol"`
	TargetPrefix string                `json:"targetPrefix"`
	SigningName  string                `json:"signingNameEffective"`
	XMLNamespace string                `json:"xmlNamespace"`
	Operations   map[string]*operation `json:"operations"`
	Shapes       map[string]*shape     `json:"shapes"`
}

type operation struct {
	Method       string  `json:"method"`
	URI          string  `json:"requestUri"`
	ResponseCode int     `json:"responseCode"`
	Auth         string  `json:"auth"` // "v4" or "none"
	Input        string  `json:"input"`
	Output       string  `json:"output"`
	Wrapper      string  `json:"resultWrapper"`
	Errors       []fault `json:"errors"`
}

type fault struct {
	Code   string `json:"code"`
	Status int    `json:"status"`
}

type shape struct {
	Type      string   `json:"type"`
	Min       *int64   `json:"min"`
	Max       *int64   `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Sensitive bool     `json:"sensitive"`
	Exception bool     `json:"exception"`
	Document  bool     `json:"document"`
	Members   members  `json:"members"`
	Member    *ref     `json:"member"`
	Key       *ref     `json:"key"`
	Value     *ref     `json:"value"`
}

type ref struct {
	Shape string `json:"shape"`
}

type member struct {
	Name         string
	Shape        string `json:"shape"`
	Required     bool   `json:"required"`
	Location     string `json:"location"`
	LocationName string `json:"locationName"`
}

// members keeps the order of the file: it is the order of struct fields, of XML
// elements and of validation errors.
type members []member

func (ms *members) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		m := member{Name: name.(string)}
		if err := dec.Decode(&m); err != nil {
			return err
		}
		*ms = append(*ms, m)
	}
	return nil
}

// load reads a model and checks that it refers to no shape it lacks.
func load(file string) (*model, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, name := range sortedKeys(m.Shapes) {
		for _, r := range m.Shapes[name].refs() {
			if m.Shapes[r] == nil {
				return nil, fmt.Errorf("%s: shape %s refers to unknown %s", file, name, r)
			}
		}
	}
	return m, nil
}

// refs lists the shapes that s is made of.
func (s *shape) refs() []string {
	var out []string
	for _, m := range s.Members {
		out = append(out, m.Shape)
	}
	for _, r := range []*ref{s.Member, s.Key, s.Value} {
		if r != nil {
			out = append(out, r.Shape)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
