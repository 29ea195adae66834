// Package apply makes a server match a YAML file, as a client of its APIs. What
// the file names is created or changed; what it does not name is left alone.
package apply

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// A File is what a server should hold. Members of `settings` carry AWS's names
// and go to the server as they are.
type File struct {
	Pools         []Pool         `yaml:"pools"`
	SAMLProviders []SAMLProvider `yaml:"samlProviders"`
	OIDCProviders []OIDCProvider `yaml:"oidcProviders"`
	Roles         []Role         `yaml:"roles"`
	IdentityPools []IdentityPool `yaml:"identityPools"`

	dir string // of the file: its relative paths start here
}

// A Pool is a user pool and what is in it. Its name must be the only one of its
// kind on the server.
type Pool struct {
	Name     string         `yaml:"name"`
	Domain   string         `yaml:"domain"`
	Settings map[string]any `yaml:"settings"` // of CreateUserPool
	OpenID   map[string]any `yaml:"openid"`   // of SetOpenIDPool
	SAML     map[string]any `yaml:"saml"`     // of SetSamlPool
	Clients  []Client       `yaml:"clients"`
	Groups   []Group        `yaml:"groups"`
	Users    []User         `yaml:"users"`
	SAMLApps []SAMLApp      `yaml:"samlApps"`

	IdentityProviders []IdentityProvider `yaml:"identityProviders"`
}

// An IdentityProvider is one that people sign in to the pool through. A SAML provider's
// metadata may be a file.
type IdentityProvider struct {
	Name         string         `yaml:"name"`
	Type         string         `yaml:"type"`
	MetadataFile string         `yaml:"metadataFile"`
	Settings     map[string]any `yaml:"settings"`   // of CreateIdentityProvider
	Federation   map[string]any `yaml:"federation"` // of PutIdentityProviderSettings
}

// A Client is an app client. Unless its settings say otherwise it hides who
// exists (PreventUserExistenceErrors ENABLED).
type Client struct {
	Name     string         `yaml:"name"`
	Settings map[string]any `yaml:"settings"` // of CreateUserPoolClient
	OpenID   map[string]any `yaml:"openid"`   // client metadata, of PutOpenIDClient
}

// A Group is a group of users.
type Group struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Precedence  *int   `yaml:"precedence"`
	Role        string `yaml:"role"` // ARN
}

// A User is a user. The password counts when the user is made, and never again.
type User struct {
	Username   string            `yaml:"username"`
	Attributes map[string]string `yaml:"attributes"`
	Groups     []string          `yaml:"groups"`
	// PasswordFile names a file with the permanent password. Without one the
	// server invites the user with a temporary password.
	PasswordFile string `yaml:"passwordFile"`
}

// A SAMLApp is an app that signs in by SAML. Metadata in one of its forms, or a
// template is needed.
type SAMLApp struct {
	Name         string         `yaml:"name"`
	MetadataFile string         `yaml:"metadataFile"`
	MetadataURL  string         `yaml:"metadataUrl"`
	Template     string         `yaml:"template"` // in place of metadata, and counts when the app is made
	Settings     map[string]any `yaml:"settings"` // of CreateSamlApplication
}

// A SAMLProvider is an identity provider that roles may trust.
type SAMLProvider struct {
	Name         string `yaml:"name"`
	MetadataFile string `yaml:"metadataFile"`
	// Pool names a pool of this server whose SAML identity provider it is.
	Pool string `yaml:"pool"`
}

// An OIDCProvider is an OpenID provider that roles may trust.
type OIDCProvider struct {
	URL         string   `yaml:"url"`
	ClientIDs   []string `yaml:"clientIds"`
	Thumbprints []string `yaml:"thumbprints"`
}

// A Role is an IAM role with inline policies. Documents are written as YAML.
type Role struct {
	Name               string         `yaml:"name"`
	Path               string         `yaml:"path"`
	Description        string         `yaml:"description"`
	MaxSessionDuration int            `yaml:"maxSessionDuration"`
	Trust              any            `yaml:"trust"`
	Policies           map[string]any `yaml:"policies"`
}

// An IdentityPool is an identity pool. Roles name roles of this account.
type IdentityPool struct {
	Name         string            `yaml:"name"`
	AllowGuests  bool              `yaml:"allowGuests"`
	AllowClassic bool              `yaml:"allowClassic"`
	Logins       []Login           `yaml:"logins"`
	Roles        map[string]string `yaml:"roles"` // authenticated, unauthenticated
	// DeveloperProvider is the name of the app's own backend as a provider; it stays
	// once it is set.
	DeveloperProvider string `yaml:"developerProvider"`
}

// A Login lets the users of a pool in, through one of its clients.
type Login struct {
	Pool   string `yaml:"pool"`
	Client string `yaml:"client"`
	// CheckSessions asks the pool at each use whether the user may still sign in.
	CheckSessions bool `yaml:"checkSessions"`
	// PrincipalTags are session tags and the claims that they come from; null leaves
	// those that there are.
	PrincipalTags map[string]string `yaml:"principalTags"`
}

// Read reads a file. An unknown key is an error that names key and line.
func Read(name string) (*File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &File{dir: filepath.Dir(name)}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// check reports everything without a name, and names that stand twice.
func (f *File) check() error {
	var errs []error
	seen := map[string]bool{}
	name := func(kind, name string) {
		switch {
		case name == "":
			errs = append(errs, fmt.Errorf("a %s has no name", kind))
		case seen[kind+"\x00"+name]:
			errs = append(errs, fmt.Errorf("%s %q stands twice", kind, name))
		}
		seen[kind+"\x00"+name] = true
	}
	for _, p := range f.Pools {
		name("pool", p.Name)
		for _, c := range p.Clients {
			name("client of pool "+p.Name, c.Name)
		}
		for _, g := range p.Groups {
			name("group of pool "+p.Name, g.Name)
		}
		for _, u := range p.Users {
			name("user of pool "+p.Name, u.Username)
		}
		for _, a := range p.SAMLApps {
			name("SAML app of pool "+p.Name, a.Name)
			if !oneOf(a.MetadataFile, a.MetadataURL, a.Template) {
				errs = append(errs, fmt.Errorf("SAML app %q needs one of metadataFile, metadataUrl and template", a.Name))
			}
		}
	}
	for _, p := range f.SAMLProviders {
		name("SAML provider", p.Name)
		if (p.MetadataFile == "") == (p.Pool == "") {
			errs = append(errs, fmt.Errorf("SAML provider %q needs metadataFile or pool", p.Name))
		}
	}
	for _, p := range f.OIDCProviders {
		name("OpenID provider", p.URL)
	}
	for _, r := range f.Roles {
		name("role", r.Name)
	}
	for _, p := range f.IdentityPools {
		name("identity pool", p.Name)
	}
	return errors.Join(errs...)
}

// oneOf reports whether just one of some texts is there.
func oneOf(texts ...string) bool {
	return len(slices.DeleteFunc(texts, func(t string) bool { return t == "" })) == 1
}

// text reads a file that the file names.
func (f *File) text(name string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.dir, name)
	}
	b, err := os.ReadFile(name)
	return string(b), err
}
