package userpool_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestCreateClient(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, func(c *userpool.Client) { c.Secret = userpool.NewClientSecret() })
	if !regexp.MustCompile(`^[a-z0-9]{26}$`).MatchString(string(c.ID)) || !regexp.MustCompile(`^[a-z0-9]{52}$`).MatchString(c.Secret) {
		t.Errorf("ID %q, secret %q", c.ID, c.Secret)
	}
	got, err := e.Client(t.Context(), p.ID, c.ID)
	e.ok(err)
	same(t, "secret read back", got.Secret, c.Secret)
	_, err = e.Client(t.Context(), e.newPool(nil).ID, c.ID)
	e.refused(err, userpool.ErrClientNotFound, "User pool client "+string(c.ID)+" does not exist.")
	e.refused(e.DeleteClient(t.Context(), e.newPool(nil).ID, c.ID), userpool.ErrClientNotFound, "")

	_, err = e.Store.UpdateClient(t.Context(), p.ID, c.ID, func(c *userpool.Client) error { c.OpenID.JWTProfile = true; return nil })
	e.ok(err)
	replaced, err := e.ReplaceClient(t.Context(), p.ID, c.ID, userpool.NewClient(p.ID, ""))
	e.ok(err)
	same(t, "kept secret", replaced.Secret, c.Secret)
	same(t, "kept name", replaced.Name, "app")
	same(t, "kept OpenID settings", replaced.OpenID.JWTProfile, true)
	e.ok(e.DeleteClient(t.Context(), p.ID, c.ID))
}

func TestClientRules(t *testing.T) {
	oauth := func(c *userpool.Client, flows ...string) {
		c.OAuthEnabled, c.OAuthFlows, c.OAuthScopes = true, flows, []string{"api/read"}
	}
	for _, tt := range []struct {
		name   string
		change func(*userpool.Client)
		kind   error
		text   string
	}{
		{"plain", func(*userpool.Client) {}, nil, ""},
		{"legacy flow", func(c *userpool.Client) { c.ExplicitAuthFlows = []string{"ADMIN_NO_SRP_AUTH"} }, nil, ""},
		{"mixed flows", func(c *userpool.Client) { c.ExplicitAuthFlows = []string{"ADMIN_NO_SRP_AUTH", "ALLOW_CUSTOM_AUTH"} }, userpool.ErrInvalidParameter, "cannot be combined"},
		{"no refresh", func(c *userpool.Client) { c.ExplicitAuthFlows = []string{"ALLOW_CUSTOM_AUTH"} }, userpool.ErrInvalidParameter, "REFRESH_TOKEN_AUTH should always be allowed."},
		{"rotation", func(c *userpool.Client) {
			c.RotateRefresh, c.ExplicitAuthFlows = true, []string{"ALLOW_USER_SRP_AUTH"}
		}, nil, ""},
		{"rotation and refresh", func(c *userpool.Client) {
			c.RotateRefresh, c.ExplicitAuthFlows = true, []string{"ALLOW_REFRESH_TOKEN_AUTH"}
		}, userpool.ErrInvalidParameter, "rotation"},
		{"short access token", func(c *userpool.Client) { c.AccessTokenLife = time.Minute }, userpool.ErrInvalidParameter, "Invalid range for token validity."},
		{"long ID token", func(c *userpool.Client) { c.IDTokenLife = 25 * time.Hour }, userpool.ErrInvalidParameter, "Invalid range for token validity."},
		{"short refresh token", func(c *userpool.Client) { c.RefreshTokenLife = time.Minute }, userpool.ErrInvalidParameter, "Invalid range for token validity."},
		{"long challenge", func(c *userpool.Client) { c.SessionLife = time.Hour }, userpool.ErrInvalidParameter, "AuthSessionValidity"},
		{"unknown attribute", func(c *userpool.Client) { c.ReadAttributes = []string{"custom:x"} }, userpool.ErrInvalidParameter, "custom:x"},
		{"unknown provider", func(c *userpool.Client) { c.IdentityProviders = []string{"COGNITO", "Google"} }, userpool.ErrInvalidParameter, "The provider Google does not exist"},
		{"OAuth without flows", func(c *userpool.Client) { c.OAuthEnabled = true }, userpool.ErrInvalidParameter, "AllowedOAuthFlows and AllowedOAuthScopes are required"},
		{"code flow", func(c *userpool.Client) { oauth(c, "code") }, nil, ""},
		{"unknown scope", func(c *userpool.Client) { oauth(c, "code"); c.OAuthScopes = []string{"api/write"} }, userpool.ErrScopeDoesNotExist, "api/write"},
		{"public client credentials", func(c *userpool.Client) { oauth(c, "client_credentials") }, userpool.ErrInvalidOAuthFlow, "does not have a client secret"},
		{"client credentials and code", func(c *userpool.Client) { oauth(c, "client_credentials", "code"); c.Secret = "s" }, userpool.ErrInvalidOAuthFlow, "along with code flow"},
		{"client credentials", func(c *userpool.Client) { oauth(c, "client_credentials"); c.Secret = "s" }, nil, ""},
		{"default redirect not listed", func(c *userpool.Client) { c.DefaultRedirectURI = "https://a.example/" }, userpool.ErrInvalidParameter, "not in the list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			p := e.newPool(nil)
			e.ok(e.CreateResourceServer(t.Context(), &userpool.ResourceServer{Pool: p.ID, Identifier: "api", Scopes: []userpool.Scope{{Name: "read"}}}))
			c := userpool.NewClient(p.ID, "app")
			tt.change(c)
			_, err := e.CreateClient(t.Context(), c)
			if tt.kind == nil {
				e.ok(err)
				return
			}
			e.refused(err, tt.kind, tt.text)
		})
	}
}

func TestRedirectRules(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	for url, good := range map[string]bool{
		"https://app.example/cb":          true,
		"http://localhost:3000/cb":        true,
		"http://127.0.0.1/cb":             true,
		"http://[::1]:8080/cb":            true,
		"myapp://callback":                true,
		"com.example.app:/cb":             true,
		"http://app.example/cb":           false,
		"http://localhost.evil.example/":  false,
		"https://app.example/cb#fragment": false,
		"https://app.example/*":           false,
		"https://user@app.example/":       false,
		"https:///cb":                     false,
		"javascript:alert(1)":             false,
		"JavaScript:alert(1)":             false,
		"data:text/html,x":                false,
		"/relative":                       false,
		"https://app.example\\@evil/":     false,
	} {
		t.Run(url, func(t *testing.T) {
			c := userpool.NewClient(p.ID, "app")
			c.CallbackURLs = []string{url}
			_, err := e.CreateClient(t.Context(), c)
			same(t, "accepted", err == nil, good)
			c = userpool.NewClient(p.ID, "app")
			c.LogoutURLs = []string{url}
			_, err = e.CreateClient(t.Context(), c)
			same(t, "accepted for logout", err == nil, good)
		})
	}
}

func TestResourceServers(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	rs := &userpool.ResourceServer{Pool: p.ID, Identifier: "https://api", Name: "API", Scopes: []userpool.Scope{{Name: "read"}}}
	e.refused(e.UpdateResourceServer(t.Context(), rs), userpool.ErrNotFound, "Resource server https://api does not exist.")
	e.ok(e.CreateResourceServer(t.Context(), rs))
	e.refused(e.CreateResourceServer(t.Context(), rs), userpool.ErrInvalidParameter, "already exists")
	twice := *rs
	twice.Scopes = []userpool.Scope{{Name: "a"}, {Name: "a"}}
	e.refused(e.UpdateResourceServer(t.Context(), &twice), userpool.ErrInvalidParameter, "twice")
	for i := range 24 {
		e.ok(e.CreateResourceServer(t.Context(), &userpool.ResourceServer{Pool: p.ID, Identifier: string(rune('a' + i))}))
	}
	e.refused(e.CreateResourceServer(t.Context(), &userpool.ResourceServer{Pool: p.ID, Identifier: "z"}), userpool.ErrLimitExceeded, "")
	seen, token := 0, ""
	for {
		page, next, err := e.ResourceServers(t.Context(), p.ID, token, 10)
		e.ok(err)
		if seen += len(page); next == "" {
			break
		}
		token = next
	}
	same(t, "listed", seen, 25)
	e.ok(e.DeleteResourceServer(t.Context(), p.ID, "https://api"))
	e.refused(e.DeleteResourceServer(t.Context(), p.ID, "https://api"), userpool.ErrNotFound, "")
}
