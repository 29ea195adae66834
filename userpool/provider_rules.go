package userpool

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// The types of identity provider.
const (
	ProviderSAML     = "SAML"
	ProviderOIDC     = "OIDC"
	ProviderFacebook = "Facebook"
	ProviderGoogle   = "Google"
	ProviderAmazon   = "LoginWithAmazon"
	ProviderApple    = "SignInWithApple"
)

// providerKeys are what ProviderDetails may hold for a type.
type providerKeys struct{ required, optional []string }

// endpointKeys are where an OAuth provider is served. AWS reports them for the
// social ones, and tools send back what they were told.
var endpointKeys = []string{"authorize_url", "token_url", "attributes_url", "attributes_url_add_attributes", "attributes_request_method",
	"token_request_method", "oidc_issuer", "jwks_uri"}

var providerDetails = map[string]providerKeys{
	ProviderSAML: {nil, []string{"MetadataURL", "MetadataFile", "IDPInit", "IDPSignout", "EncryptedResponses", "RequestSigningAlgorithm",
		"SSORedirectBindingURI", "SLORedirectBindingURI", "ActiveEncryptionCertificate"}},
	ProviderOIDC: {[]string{"client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"},
		slices.Concat([]string{"client_secret"}, endpointKeys)},
	ProviderFacebook: {[]string{"client_id", "client_secret", "authorize_scopes"}, slices.Concat([]string{"api_version"}, endpointKeys)},
	ProviderGoogle:   {[]string{"client_id", "client_secret", "authorize_scopes"}, endpointKeys},
	ProviderAmazon:   {[]string{"client_id", "client_secret", "authorize_scopes"}, endpointKeys},
	ProviderApple:    {[]string{"client_id", "team_id", "key_id", "private_key", "authorize_scopes"}, endpointKeys},
}

// detailValues are the values that a key of ProviderDetails may have.
var detailValues = map[string][]string{
	"IDPInit": {"true", "false"}, "IDPSignout": {"true", "false"}, "EncryptedResponses": {"true", "false"},
	"RequestSigningAlgorithm": {"rsa-sha256"}, "attributes_request_method": {"GET", "POST"}, "token_request_method": {"GET", "POST"},
	"attributes_url_add_attributes": {"true", "false"},
}

// Bounds of one value of ProviderDetails, in bytes.
const (
	maxDetail   = 4096
	maxMetadata = 1 << 20
)

func (p *Provider) validate(pool *Pool) error {
	if err := p.CheckDetails(); err != nil {
		return err
	}
	if err := p.validateMapping(pool); err != nil {
		return err
	}
	return p.validateIdentifiers()
}

// CheckDetails returns ErrInvalidParameter where the details are not those of a
// provider of its type. It asks nobody.
func (p *Provider) CheckDetails() error {
	keys, ok := providerDetails[p.Type]
	if !ok {
		return invalid("Invalid provider type %s.", p.Type)
	}
	for _, name := range keys.required {
		if p.Details[name] == "" {
			return invalid("ProviderDetails of %s must contain %s.", p.Type, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Details)) {
		if !slices.Contains(keys.required, name) && !slices.Contains(keys.optional, name) {
			return invalid("ProviderDetails of %s cannot contain %s.", p.Type, name)
		}
		if err := checkDetail(name, p.Details[name]); err != nil {
			return err
		}
	}
	if p.Type != ProviderSAML {
		return nil
	}
	if (p.Details["MetadataURL"] == "") == (p.Details["MetadataFile"] == "") {
		return invalid("ProviderDetails of SAML must contain either MetadataURL or MetadataFile.")
	}
	return nil
}

func checkDetail(name, value string) error {
	limit := maxDetail
	if name == "MetadataFile" {
		limit = maxMetadata
	}
	if len(value) > limit || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return invalid("%s in ProviderDetails is too long or not valid text.", name)
	}
	if allowed := detailValues[name]; allowed != nil && !slices.Contains(allowed, value) {
		return invalid("%s in ProviderDetails must be one of %s.", name, strings.Join(allowed, ", "))
	}
	address := name == "oidc_issuer" || name == "jwks_uri" || name == "MetadataURL" || strings.HasSuffix(name, "_url")
	if !address || value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return invalid("%s in ProviderDetails must be an https URL.", name)
	}
	return nil
}

// validateMapping checks that the attributes exist. A user's name may be mapped
// too, as its own attribute.
func (p *Provider) validateMapping(pool *Pool) error {
	for _, name := range slices.Sorted(maps.Keys(p.Mapping)) {
		if name == "username" {
			continue
		}
		a := pool.Attribute(name)
		if a == nil || a.Developer || name == "sub" || name == "identities" {
			return invalid("Invalid attribute %s in AttributeMapping.", name)
		}
		if claim := p.Mapping[name]; claim == "" || len(claim) > 2048 {
			return invalid("Invalid value of the attribute %s in AttributeMapping.", name)
		}
	}
	return nil
}

func (p *Provider) validateIdentifiers() error {
	if len(p.Identifiers) > maxIdentifiers {
		return invalid("An identity provider can have 50 identifiers.")
	}
	for i, id := range p.Identifiers {
		if slices.Contains(p.Identifiers[:i], id) {
			return invalid("The identifier %s is given twice.", id)
		}
	}
	return nil
}
