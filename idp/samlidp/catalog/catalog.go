// Package catalog knows well-known SAML apps: what their metadata would say, what
// they want to be told, and the steps that set them up. Each is a file in apps/.
package catalog

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed apps/*.yaml
var files embed.FS

// A Template is what a well-known app is made from. Texts may hold parameters in
// braces.
type Template struct {
	ID            string      `yaml:"-"` // the name of its file
	Name          string      `yaml:"name"`
	Documentation string      `yaml:"documentation"` // address of the vendor's own
	Parameters    []Parameter `yaml:"parameters"`

	EntityID      string      `yaml:"entityId"`
	ACS           []string    `yaml:"acs"`
	NameIDFormat  string      `yaml:"nameIdFormat"`
	SignResponse  bool        `yaml:"signResponse"`
	SignAssertion bool        `yaml:"signAssertion"`
	Attributes    []Attribute `yaml:"attributes"`

	Steps       []string `yaml:"steps"`
	Unconfirmed []string `yaml:"unconfirmed"` // what nobody tried against the vendor
}

// A Parameter is what differs from one customer of the vendor to the next.
type Parameter struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Example     string `yaml:"example"`
	Pattern     string `yaml:"pattern"` // a regular expression for all of a value
}

// An Attribute is one that the app is told.
type Attribute struct {
	Name         string `yaml:"name"`
	FriendlyName string `yaml:"friendlyName"`
	Value        string `yaml:"value"`
}

// ErrParameter says what is wrong with the parameters of an app.
var ErrParameter = errors.New("catalog: parameter is not usable")

// All returns the templates by ID.
var All = sync.OnceValues(func() ([]Template, error) {
	entries, err := files.ReadDir("apps")
	if err != nil {
		return nil, err
	}
	var all []Template
	for _, e := range entries {
		raw, err := files.ReadFile(path.Join("apps", e.Name()))
		if err != nil {
			return nil, err
		}
		t := Template{ID: strings.TrimSuffix(e.Name(), ".yaml")}
		dec := yaml.NewDecoder(bytes.NewReader(raw))
		dec.KnownFields(true)
		if err := dec.Decode(&t); err != nil {
			return nil, fmt.Errorf("catalog: %s: %w", e.Name(), err)
		}
		all = append(all, t)
	}
	return all, nil
})

// Find returns the template with an ID, and false where there is none.
func Find(id string) (Template, bool, error) {
	all, err := All()
	if err != nil {
		return Template{}, false, err
	}
	i := slices.IndexFunc(all, func(t Template) bool { return t.ID == id })
	if i < 0 {
		return Template{}, false, nil
	}
	return all[i], true, nil
}

// Fill returns the template with its parameters put in. Each of them must be given and
// fit its pattern, and no other; else it is ErrParameter, with the parameter's name.
func (t Template) Fill(values map[string]string) (Template, error) {
	var pairs []string
	for _, p := range t.Parameters {
		value, ok := values[p.Name]
		if !ok {
			return t, fmt.Errorf("%w: %s is missing", ErrParameter, p.Name)
		}
		fits, err := regexp.MatchString(`^(?:`+p.Pattern+`)$`, value)
		if err != nil {
			return t, err
		}
		if !fits || len(value) > maxValue {
			return t, fmt.Errorf("%w: %s should look like %s", ErrParameter, p.Name, p.Example)
		}
		pairs = append(pairs, "{"+p.Name+"}", value)
	}
	if len(values) > len(t.Parameters) {
		return t, fmt.Errorf("%w: there are more than the app has", ErrParameter)
	}
	return t.replace(strings.NewReplacer(pairs...)), nil
}

// maxValue is the longest value of a parameter, in bytes.
const maxValue = 512

func (t Template) replace(r *strings.Replacer) Template {
	t.EntityID = r.Replace(t.EntityID)
	t.ACS, t.Attributes = slices.Clone(t.ACS), slices.Clone(t.Attributes)
	for i := range t.ACS {
		t.ACS[i] = r.Replace(t.ACS[i])
	}
	for i := range t.Attributes {
		t.Attributes[i].Value = r.Replace(t.Attributes[i].Value)
	}
	return t
}
