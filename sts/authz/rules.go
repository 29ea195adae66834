package authz

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Proxies that can ask, by the headers in which they say what they ask about.
const (
	nginx   = "nginx"
	envoy   = "envoy"
	traefik = "traefik"
)

// defaultService is the service that clients sign for unless the file says another.
const defaultService = "execute-api"

// Rules say what requests stand for. The first that fits a request counts; where
// none does it is refused.
type Rules struct {
	Proxy   string `yaml:"proxy"`
	Service string `yaml:"service"` // in the scope of signatures
	Audit   string `yaml:"audit"`   // which decisions an audit log gets
	Rules   []Rule `yaml:"rules"`
}

// A Rule is what requests of one form stand for, and who may make them. With an
// Action that is whom policies allow it, with Bearer whose token has what it asks
// for, with both either.
type Rule struct {
	Hosts   []string `yaml:"hosts"`   // names without a port; "*.example.com" for all below
	Methods []string `yaml:"methods"` // none: all
	Path    string   `yaml:"path"`

	Public bool    `yaml:"public"` // anybody may
	Bearer *Bearer `yaml:"bearer"`

	Action   string            `yaml:"action"`   // service:Operation
	Resource string            `yaml:"resource"` // ARN with variables
	Keys     map[string]values `yaml:"keys"`     // condition keys, with variables
	// UnsignedBody admits signatures that leave the body out also where the method
	// is made for one.
	UnsignedBody bool `yaml:"unsignedBody"`

	pattern *pattern
}

// Bearer says which access tokens will do. What is left out is not asked for.
type Bearer struct {
	Pool     string   `yaml:"pool"`
	Clients  []string `yaml:"clients"`  // any of them
	Audience string   `yaml:"audience"` // in the token's aud
	Scopes   []string `yaml:"scopes"`   // all of them
	Groups   []string `yaml:"groups"`   // any of them
}

// values is a list, or one value by itself.
type values []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *values) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*v = values{n.Value}
		return nil
	}
	return n.Decode((*[]string)(v))
}

// Parse reads a file of rules. An unknown key, and a rule that says nothing or
// contradicts itself, is an error that names it.
func Parse(text []byte) (*Rules, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	r := &Rules{Service: defaultService, Audit: auditDenied}
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("authz: %w", err)
	}
	var errs []error
	if !slices.Contains([]string{nginx, envoy, traefik}, r.Proxy) {
		errs = append(errs, fmt.Errorf("authz: proxy %q: want nginx, envoy or traefik", r.Proxy))
	}
	if !slices.Contains([]string{auditDenied, auditAll, auditNone}, r.Audit) {
		errs = append(errs, fmt.Errorf("authz: audit %q: want denied, all or none", r.Audit))
	}
	if r.Service == "" || r.Service == "s3" { // S3 signs its paths in a way of its own
		errs = append(errs, fmt.Errorf("authz: service %q cannot be the one that clients sign for", r.Service))
	}
	for i := range r.Rules {
		if problem := r.Rules[i].compile(); problem != "" {
			errs = append(errs, fmt.Errorf("authz: rule %d (path %q) %s", i+1, r.Rules[i].Path, problem))
		}
	}
	if len(r.Rules) == 0 {
		errs = append(errs, errors.New("authz: there are no rules"))
	}
	return r, errors.Join(errs...)
}

// compile checks a rule and prepares it; it returns what is wrong, or "".
func (r *Rule) compile() (problem string) {
	if r.pattern, problem = parsePattern(r.Path); problem != "" {
		return problem
	}
	if len(r.Hosts) == 0 {
		return "has no hosts"
	}
	for _, h := range r.Hosts {
		name := strings.TrimPrefix(h, "*.")
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
			return "has a host that is no name in small letters without a port: " + h
		}
	}
	for _, m := range r.Methods {
		if m == "" || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return "has a method that is none: " + m
		}
	}
	switch {
	case r.Public && (r.Bearer != nil || r.Action != ""):
		return "is public and yet asks for something"
	case !r.Public && r.Bearer == nil && r.Action == "":
		return "names neither an action nor bearer, and is not public"
	case r.Action == "" && (r.Resource != "" || len(r.Keys) > 0 || r.UnsignedBody):
		return "has no action"
	case r.Bearer != nil && r.Bearer.Pool == "":
		return "has bearer without a pool"
	}
	return r.checkAction()
}

// matchHost compares names, which are in lower case and without a port.
func (r *Rule) matchHost(host string) bool {
	return slices.ContainsFunc(r.Hosts, func(h string) bool {
		if below, wild := strings.CutPrefix(h, "*"); wild {
			return strings.HasSuffix(host, below) && len(host) > len(below)
		}
		return h == host
	})
}

// find returns the rule for a request and the values of its variables.
func (r *Rules) find(o *original) (*Rule, map[string]string) {
	for i := range r.Rules {
		rule := &r.Rules[i]
		if !rule.matchHost(o.name) || len(rule.Methods) > 0 && !slices.Contains(rule.Methods, o.Method) {
			continue
		}
		if vars, ok := rule.pattern.match(o.path); ok {
			return rule, vars
		}
	}
	return nil, nil
}
