package userpool

import (
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// Bounds of a client's settings: lists, and the characters of a text.
const (
	maxSettingList = 100
	maxSettingText = 2048
)

// answerTypes are the response types of clients' settings, beside code.
var answerTypes = []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}

// validateOpenID checks the settings of a client and fills in what follows from
// them. What it says of a member calls it by its name in client metadata.
func (c *Client) validateOpenID() error {
	o := &c.OpenID
	for _, check := range []func() error{o.validateSizes, o.validateKeys, c.validateAuthentication, o.validateAlgorithms, o.validateSealing,
		o.validateAddresses, o.validateGrants, o.validateCIBA, o.validateFAPI} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func oneOf(name, value string, allowed ...string) error {
	if value != "" && !slices.Contains(allowed, value) {
		return invalid("%s cannot be %s. It is one of %s.", name, value, strings.Join(allowed, ", "))
	}
	return nil
}

// firstError runs checks in their order.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// validateSizes bounds every text and list.
func (o *OpenIDClient) validateSizes() error {
	for _, m := range slices.Concat(openIDMembers, ownMembers) {
		if m.name == "jwks" {
			continue // parsed, and bounded there
		}
		switch at := m.at(o).(type) {
		case *string:
			if len(*at) > maxSettingText {
				return invalid("%s is longer than %d characters.", m.name, maxSettingText)
			}
		case *[]string:
			long := func(s string) bool { return s == "" || len(s) > maxSettingText }
			if len(*at) > maxSettingList || slices.ContainsFunc(*at, long) {
				return invalid("%s has more than %d members, or one that is empty or longer than %d characters.", m.name, maxSettingList, maxSettingText)
			}
		case **int:
			if *at != nil && **at < 0 {
				return invalid("%s cannot be negative.", m.name)
			}
		}
	}
	return nil
}

func (o *OpenIDClient) validateKeys() error {
	if o.JWKS != "" && o.JWKSURI != "" {
		return invalid("jwks and jwks_uri cannot be given together.")
	}
	if o.JWKS != "" {
		if _, err := jose.ParseKeySet([]byte(o.JWKS)); err != nil {
			return invalid("jwks has to be a set of public keys, of which one can be used: RSA of 2048 bits and more, P-256, P-384, P-521, Ed25519.")
		}
	}
	return webAddress("jwks_uri", o.JWKSURI)
}

// hasKeys reports whether the client can be encrypted to, and its signatures checked.
func (o *OpenIDClient) hasKeys() bool { return o.JWKS != "" || o.JWKSURI != "" }

// validateAuthentication checks how the client authenticates itself.
func (c *Client) validateAuthentication() error {
	o := &c.OpenID
	if err := oneOf("token_endpoint_auth_method", o.AuthMethod, AuthBasic, AuthPost, AuthSecretJWT, AuthPrivateKeyJWT, AuthTLS, AuthSelfSignedTLS, AuthNone); err != nil {
		return err
	}
	var algorithms []string
	switch o.AuthMethod {
	case AuthBasic, AuthPost, AuthSecretJWT:
		if c.Secret == "" {
			return invalid("token_endpoint_auth_method %s needs a client with a secret.", o.AuthMethod)
		}
		if o.AuthMethod == AuthSecretJWT {
			algorithms = jose.Symmetric
		}
	case AuthPrivateKeyJWT, AuthSelfSignedTLS:
		if !o.hasKeys() {
			return invalid("token_endpoint_auth_method %s needs jwks or jwks_uri.", o.AuthMethod)
		}
		if o.AuthMethod == AuthPrivateKeyJWT {
			algorithms = jose.Asymmetric
		}
	case AuthTLS:
		if names := o.certificateNames(); names != 1 {
			return invalid("token_endpoint_auth_method tls_client_auth needs exactly one of the members tls_client_auth_subject_dn and tls_client_auth_san_….")
		}
	}
	if o.AuthAlgorithm != "" && algorithms == nil {
		return invalid("token_endpoint_auth_signing_alg is for clients that authenticate with a JWT.")
	}
	return oneOf("token_endpoint_auth_signing_alg", o.AuthAlgorithm, algorithms...)
}

func (o *OpenIDClient) certificateNames() (n int) {
	for _, name := range []string{o.TLSSubject, o.TLSNames.DNS, o.TLSNames.URI, o.TLSNames.IP, o.TLSNames.Email} {
		if name != "" {
			n++
		}
	}
	return n
}

func (o *OpenIDClient) validateAlgorithms() error {
	if o.Request.Content != "" && o.Request.KeyManager == "" {
		return invalid("request_object_encryption_enc needs request_object_encryption_alg.")
	}
	return firstError(
		oneOf("request_object_signing_alg", o.RequestObjectAlgorithm, slices.Concat(jose.Asymmetric, jose.Symmetric)...),
		oneOf("request_object_encryption_alg", o.Request.KeyManager, RequestManagers...),
		oneOf("request_object_encryption_enc", o.Request.Content, jose.Contents...),
		oneOf("access_token_signed_response_alg", o.AccessToken.Algorithm, jose.Asymmetric...),
		oneOf("application_type", o.ApplicationType, "web", "native"))
}

// validateSealing checks how answers are signed and encrypted. Only userInfo can
// be encrypted without a signature: where one is always due, its default is
// written down.
func (o *OpenIDClient) validateSealing() error {
	for _, s := range []struct {
		name   string
		as     *Sealing
		signed bool
	}{{"id_token", &o.IDToken, true}, {"userinfo", &o.UserInfo, false}, {"authorization", &o.Authorization, true}, {"introspection", &o.Introspection, true}} {
		err := firstError(oneOf(s.name+"_signed_response_alg", s.as.Algorithm, jose.Asymmetric...),
			oneOf(s.name+"_encrypted_response_alg", s.as.KeyManager, jose.KeyManagers...),
			oneOf(s.name+"_encrypted_response_enc", s.as.Content, jose.Contents...))
		switch {
		case err != nil:
			return err
		case s.as.Content != "" && s.as.KeyManager == "":
			return invalid("%s_encrypted_response_enc needs %s_encrypted_response_alg.", s.name, s.name)
		case s.as.KeyManager != "" && !o.hasKeys():
			return invalid("%s_encrypted_response_alg needs jwks or jwks_uri.", s.name)
		case s.as.KeyManager != "" && s.as.Algorithm == "" && s.signed:
			s.as.Algorithm = jose.RS256
		}
	}
	return nil
}

// validateAddresses checks where browsers and this server are led.
func (o *OpenIDClient) validateAddresses() error {
	for name, address := range map[string]string{"client_uri": o.ClientURI, "logo_uri": o.LogoURI, "policy_uri": o.PolicyURI, "tos_uri": o.TermsURI,
		"initiate_login_uri": o.InitiateLoginURI, "frontchannel_logout_uri": o.FrontchannelLogout, "backchannel_logout_uri": o.BackchannelLogout,
		"sector_identifier_uri": o.SectorURI, "backchannel_client_notification_endpoint": o.CIBANotify} {
		if err := webAddress(name, address); err != nil {
			return err
		}
	}
	for _, address := range o.RequestURIs { // whose fragment is a hash (OpenID Connect Core section 6.2)
		address, _, _ = strings.Cut(address, "#")
		if err := webAddress("request_uris", address); err != nil {
			return err
		}
	}
	for _, resource := range o.Audiences { // RFC 8707 section 2
		if u, err := url.Parse(resource); err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			return invalid("audiences: %s is no absolute URI without a fragment.", resource)
		}
	}
	return nil
}

// webAddress accepts https, and http to the machine itself.
func webAddress(name, raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(raw, " \t\r\n\\#"),
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return invalid("%s: %s is no https address without a fragment.", name, raw)
	}
	return nil
}

func (o *OpenIDClient) validateGrants() error {
	for _, t := range o.ResponseTypes {
		if err := oneOf("response_types", t, answerTypes...); err != nil {
			return err
		}
	}
	for _, t := range o.GrantTypes {
		if err := oneOf("grant_types", t, GrantDevice, GrantExchange, GrantCIBA); err != nil {
			return err
		}
	}
	return nil
}

// validateCIBA checks how the client learns of a sign-in (CIBA Core section 4).
func (o *OpenIDClient) validateCIBA() error {
	err := firstError(oneOf("backchannel_token_delivery_mode", o.CIBAMode, "poll", "ping"),
		oneOf("backchannel_authentication_request_signing_alg", o.CIBAAlgorithm, jose.Asymmetric...))
	if err == nil && o.CIBAMode == "ping" && o.CIBANotify == "" {
		err = invalid("backchannel_token_delivery_mode ping needs backchannel_client_notification_endpoint.")
	}
	return err
}

// validateFAPI holds a client to what the FAPI 2.0 Security Profile section 5.3.2
// takes for granted of it.
func (o *OpenIDClient) validateFAPI() error {
	if !o.FAPI {
		return nil
	}
	if !slices.Contains([]string{AuthPrivateKeyJWT, AuthTLS, AuthSelfSignedTLS}, o.AuthMethod) {
		return invalid("fapi needs token_endpoint_auth_method private_key_jwt, tls_client_auth or self_signed_tls_client_auth.")
	}
	if !o.DPoPBound && !o.CertBound {
		return invalid("fapi needs dpop_bound_access_tokens or tls_client_certificate_bound_access_tokens.")
	}
	if o.IDToken.Algorithm == "" {
		o.IDToken.Algorithm = jose.PS256
	}
	for name, alg := range map[string]string{"id_token_signed_response_alg": o.IDToken.Algorithm, "userinfo_signed_response_alg": o.UserInfo.Algorithm,
		"token_endpoint_auth_signing_alg": o.AuthAlgorithm, "request_object_signing_alg": o.RequestObjectAlgorithm,
		"authorization_signed_response_alg": o.Authorization.Algorithm, "access_token_signed_response_alg": o.AccessToken.Algorithm} {
		if err := oneOf(name+" of a FAPI client", alg, jose.FAPI...); err != nil {
			return err
		}
	}
	return nil
}
