package userpool

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
)

// A metadataMember ties a name of client metadata to the setting that it is.
type metadataMember struct {
	name string
	at   func(*OpenIDClient) any // a pointer
}

// openIDMembers are the settings by the names of RFC 7591 section 2, OpenID Connect
// Dynamic Client Registration 1.0 section 2 and the extensions that
// OpenIDClient names.
var openIDMembers = []metadataMember{
	{"token_endpoint_auth_method", func(o *OpenIDClient) any { return &o.AuthMethod }},
	{"token_endpoint_auth_signing_alg", func(o *OpenIDClient) any { return &o.AuthAlgorithm }},
	{"jwks", func(o *OpenIDClient) any { return (*jsonText)(&o.JWKS) }},
	{"jwks_uri", func(o *OpenIDClient) any { return &o.JWKSURI }},
	{"tls_client_auth_subject_dn", func(o *OpenIDClient) any { return &o.TLSSubject }},
	{"tls_client_auth_san_dns", func(o *OpenIDClient) any { return &o.TLSNames.DNS }},
	{"tls_client_auth_san_uri", func(o *OpenIDClient) any { return &o.TLSNames.URI }},
	{"tls_client_auth_san_ip", func(o *OpenIDClient) any { return &o.TLSNames.IP }},
	{"tls_client_auth_san_email", func(o *OpenIDClient) any { return &o.TLSNames.Email }},
	{"tls_client_certificate_bound_access_tokens", func(o *OpenIDClient) any { return &o.CertBound }},
	{"dpop_bound_access_tokens", func(o *OpenIDClient) any { return &o.DPoPBound }},
	{"require_pushed_authorization_requests", func(o *OpenIDClient) any { return &o.RequirePAR }},
	{"require_signed_request_object", func(o *OpenIDClient) any { return &o.RequireSigned }},
	{"response_types", func(o *OpenIDClient) any { return &o.ResponseTypes }},
	{"grant_types", func(o *OpenIDClient) any { return &o.GrantTypes }},
	{"authorization_details_types", func(o *OpenIDClient) any { return &o.DetailTypes }},
	{"request_object_signing_alg", func(o *OpenIDClient) any { return &o.RequestObjectAlgorithm }},
	{"request_object_encryption_alg", func(o *OpenIDClient) any { return &o.Request.KeyManager }},
	{"request_object_encryption_enc", func(o *OpenIDClient) any { return &o.Request.Content }},
	{"request_uris", func(o *OpenIDClient) any { return &o.RequestURIs }},
	{"id_token_signed_response_alg", func(o *OpenIDClient) any { return &o.IDToken.Algorithm }},
	{"id_token_encrypted_response_alg", func(o *OpenIDClient) any { return &o.IDToken.KeyManager }},
	{"id_token_encrypted_response_enc", func(o *OpenIDClient) any { return &o.IDToken.Content }},
	{"userinfo_signed_response_alg", func(o *OpenIDClient) any { return &o.UserInfo.Algorithm }},
	{"userinfo_encrypted_response_alg", func(o *OpenIDClient) any { return &o.UserInfo.KeyManager }},
	{"userinfo_encrypted_response_enc", func(o *OpenIDClient) any { return &o.UserInfo.Content }},
	{"authorization_signed_response_alg", func(o *OpenIDClient) any { return &o.Authorization.Algorithm }},
	{"authorization_encrypted_response_alg", func(o *OpenIDClient) any { return &o.Authorization.KeyManager }},
	{"authorization_encrypted_response_enc", func(o *OpenIDClient) any { return &o.Authorization.Content }},
	{"introspection_signed_response_alg", func(o *OpenIDClient) any { return &o.Introspection.Algorithm }},
	{"introspection_encrypted_response_alg", func(o *OpenIDClient) any { return &o.Introspection.KeyManager }},
	{"introspection_encrypted_response_enc", func(o *OpenIDClient) any { return &o.Introspection.Content }},
	{"subject_type", func(o *OpenIDClient) any { return (*pairwise)(&o.Pairwise) }},
	{"sector_identifier_uri", func(o *OpenIDClient) any { return &o.SectorURI }},
	{"default_max_age", func(o *OpenIDClient) any { return &o.DefaultMaxAge }},
	{"require_auth_time", func(o *OpenIDClient) any { return &o.NeedAuthTime }},
	{"default_acr_values", func(o *OpenIDClient) any { return &o.DefaultACR }},
	{"application_type", func(o *OpenIDClient) any { return &o.ApplicationType }},
	{"client_uri", func(o *OpenIDClient) any { return &o.ClientURI }},
	{"logo_uri", func(o *OpenIDClient) any { return &o.LogoURI }},
	{"policy_uri", func(o *OpenIDClient) any { return &o.PolicyURI }},
	{"tos_uri", func(o *OpenIDClient) any { return &o.TermsURI }},
	{"contacts", func(o *OpenIDClient) any { return &o.Contacts }},
	{"initiate_login_uri", func(o *OpenIDClient) any { return &o.InitiateLoginURI }},
	{"frontchannel_logout_uri", func(o *OpenIDClient) any { return &o.FrontchannelLogout }},
	{"frontchannel_logout_session_required", func(o *OpenIDClient) any { return &o.FrontchannelSID }},
	{"backchannel_logout_uri", func(o *OpenIDClient) any { return &o.BackchannelLogout }},
	{"backchannel_logout_session_required", func(o *OpenIDClient) any { return &o.BackchannelSID }},
	{"backchannel_token_delivery_mode", func(o *OpenIDClient) any { return &o.CIBAMode }},
	{"backchannel_client_notification_endpoint", func(o *OpenIDClient) any { return &o.CIBANotify }},
	{"backchannel_authentication_request_signing_alg", func(o *OpenIDClient) any { return &o.CIBAAlgorithm }},
}

// ownMembers are settings that no specification has a name for. An administrator
// gives them to a client; one that registers itself has none of them.
var ownMembers = []metadataMember{
	{"access_token_signed_response_alg", func(o *OpenIDClient) any { return &o.AccessToken.Algorithm }},
	{"access_token_profile", func(o *OpenIDClient) any { return (*profile)(&o.JWTProfile) }},
	{"require_pkce", func(o *OpenIDClient) any { return &o.RequirePKCE }},
	{"require_consent", func(o *OpenIDClient) any { return &o.RequireConsent }},
	{"fapi", func(o *OpenIDClient) any { return &o.FAPI }},
	{"audiences", func(o *OpenIDClient) any { return &o.Audiences }},
	{"introspects", func(o *OpenIDClient) any { return &o.Introspects }},
	{"exchange_from", func(o *OpenIDClient) any { return &o.ExchangeFrom }},
}

// ParseOpenIDClient reads settings as client metadata, a JSON object. null is as if
// the member were not there. A name that is not known is an ErrInvalidParameter
// that says so, or is left out where the client itself is asking (RFC 7591
// section 2), for whom our own members are not known either.
func ParseOpenIDClient(metadata []byte, itself bool) (*OpenIDClient, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(metadata, &members); err != nil || members == nil {
		return nil, invalid("The client metadata is not a JSON object.")
	}
	o, known := new(OpenIDClient), openIDMembers
	if !itself {
		known = slices.Concat(openIDMembers, ownMembers)
	}
	for _, m := range known {
		value, ok := members[m.name]
		delete(members, m.name)
		if ok && json.Unmarshal(value, m.at(o)) != nil {
			return nil, invalid("%s has a value of the wrong kind.", m.name)
		}
	}
	for name := range members {
		if !itself {
			return nil, invalid("%s is no client metadata that is set here.", name)
		}
	}
	return o, nil
}

// Metadata is the settings as client metadata, without those at their defaults.
func (o *OpenIDClient) Metadata(itself bool) (map[string]json.RawMessage, error) {
	copied := o.Clone()
	known := openIDMembers
	if !itself {
		known = slices.Concat(openIDMembers, ownMembers)
	}
	out := map[string]json.RawMessage{}
	for _, m := range known {
		at := m.at(&copied)
		if reflect.ValueOf(at).Elem().IsZero() {
			continue
		}
		text, err := json.Marshal(at)
		if err != nil {
			return nil, err
		}
		out[m.name] = text
	}
	return out, nil
}

// A jsonText is JSON that is kept as a text.
type jsonText string

// MarshalJSON implements json.Marshaler.
func (j *jsonText) MarshalJSON() ([]byte, error) { return []byte(*j), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (j *jsonText) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return err
	}
	*j = jsonText(b.String())
	return nil
}

// Switches whose two states have names.
type (
	pairwise bool
	profile  bool
)

// MarshalJSON implements json.Marshaler. Only what is on is written.
func (p *pairwise) MarshalJSON() ([]byte, error) { return json.Marshal("pairwise") }

// UnmarshalJSON implements json.Unmarshaler.
func (p *pairwise) UnmarshalJSON(text []byte) error {
	return readSwitch(text, (*bool)(p), "public", "pairwise")
}

// MarshalJSON implements json.Marshaler. Only what is on is written.
func (p *profile) MarshalJSON() ([]byte, error) { return json.Marshal("rfc9068") }

// UnmarshalJSON implements json.Unmarshaler.
func (p *profile) UnmarshalJSON(text []byte) error {
	return readSwitch(text, (*bool)(p), "cognito", "rfc9068")
}

func readSwitch(text []byte, on *bool, off, name string) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*on = s == name
	if s != "" && s != off && s != name {
		return errors.New("userpool: neither " + off + " nor " + name)
	}
	return nil
}
