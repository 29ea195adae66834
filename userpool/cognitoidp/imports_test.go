package cognitoidp_test

import (
	"strings"
	"testing"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

const standardColumns = "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email," +
	"email_verified,gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at"

func TestCSVHeader(t *testing.T) {
	d := newDesk(t)
	plain := d.pool(idp.CreateUserPoolInput{})
	custom := d.pool(idp.CreateUserPoolInput{Schema: []idp.SchemaAttributeType{{Name: ptr("team"), AttributeDataType: ptr("String")}}})
	for _, c := range []struct {
		pool *idp.UserPoolType
		want string
	}{
		{plain, standardColumns + ",cognito:mfa_enabled,cognito:username"},
		{custom, standardColumns + ",custom:team,cognito:mfa_enabled,cognito:username"},
	} {
		out := ok[*idp.GetCSVHeaderOutput](t)(d.GetCSVHeader(t.Context(), &idp.GetCSVHeaderInput{UserPoolId: c.pool.Id}))
		same(t, "pool", *out.UserPoolId, *c.pool.Id)
		same(t, "header", strings.Join(out.CSVHeader, ","), c.want)
	}
	_, err := d.GetCSVHeader(t.Context(), &idp.GetCSVHeaderInput{UserPoolId: ptr("us-east-1_Nowhere01")})
	refused(t, err, "ResourceNotFoundException", "User pool us-east-1_Nowhere01 does not exist.")
}
