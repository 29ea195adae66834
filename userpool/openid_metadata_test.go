package userpool_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// What a client's settings have that nobody sets: it follows from others, or is the
// server's own note.
var derived = []string{"Sector", "Registered", "RegistrationToken", "Logo"}

// Every setting can be set by a member of the client metadata, and is read back by it.
func TestEverySettingHasAMember(t *testing.T) {
	text := []byte(`{"token_endpoint_auth_method":"a","token_endpoint_auth_signing_alg":"a","jwks":{"keys":[]},"jwks_uri":"a",
		"tls_client_auth_subject_dn":"a","tls_client_auth_san_dns":"a","tls_client_auth_san_uri":"a","tls_client_auth_san_ip":"a",
		"tls_client_auth_san_email":"a","tls_client_certificate_bound_access_tokens":true,"dpop_bound_access_tokens":true,
		"require_pushed_authorization_requests":true,"require_signed_request_object":true,"response_types":["a"],"grant_types":["a"],
		"authorization_details_types":["a"],"request_object_signing_alg":"a","request_object_encryption_alg":"a","request_object_encryption_enc":"a","request_uris":["a"],
		"id_token_signed_response_alg":"a","id_token_encrypted_response_alg":"a","id_token_encrypted_response_enc":"a",
		"userinfo_signed_response_alg":"a","userinfo_encrypted_response_alg":"a","userinfo_encrypted_response_enc":"a",
		"authorization_signed_response_alg":"a","authorization_encrypted_response_alg":"a","authorization_encrypted_response_enc":"a",
		"introspection_signed_response_alg":"a","introspection_encrypted_response_alg":"a","introspection_encrypted_response_enc":"a",
		"subject_type":"pairwise","sector_identifier_uri":"a","default_max_age":1,"require_auth_time":true,"default_acr_values":["a"],
		"application_type":"a","client_uri":"a","logo_uri":"a","policy_uri":"a","tos_uri":"a","contacts":["a"],"initiate_login_uri":"a",
		"frontchannel_logout_uri":"a","frontchannel_logout_session_required":true,"backchannel_logout_uri":"a",
		"backchannel_logout_session_required":true,"backchannel_token_delivery_mode":"a","backchannel_client_notification_endpoint":"a",
		"backchannel_authentication_request_signing_alg":"a","access_token_signed_response_alg":"a","access_token_profile":"rfc9068",
		"require_pkce":true,"require_consent":true,"fapi":true,"audiences":["a"],"introspects":["a"],"exchange_from":["a"]}`)
	o, err := userpool.ParseOpenIDClient(text, false)
	if err != nil {
		t.Fatal(err)
	}
	settings := reflect.ValueOf(*o)
	for i := range settings.NumField() {
		name := settings.Type().Field(i).Name
		if settings.Field(i).IsZero() != slices.Contains(derived, name) {
			t.Errorf("%s is %v", name, settings.Field(i))
		}
	}
	back, err := o.Metadata(false)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Count(string(text), `":`) - 1; len(back) != want { // keys stands in jwks
		t.Errorf("%d members come back, %d were set", len(back), want)
	}
}
