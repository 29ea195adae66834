package awsapi

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/redact"
)

func TestEveryPatternCompiles(t *testing.T) {
	for _, m := range models.All() {
		for _, s := range m.Shapes {
			if s.Pattern == "" {
				continue
			}
			if _, err := regexp.Compile(goPattern(s.Pattern)); err != nil {
				t.Errorf("%s %s: %v", m.Service, s.Name, err)
			}
		}
	}
}

func TestPatternsMatchTheWholeValue(t *testing.T) {
	for _, tt := range []struct {
		pattern, value string
		want           bool
	}{
		{`[\w-]+_[0-9a-zA-Z]+`, "us-east-1_Demo00001", true},
		{`[\w-]+_[0-9a-zA-Z]+`, "us-east-1_Demo\n", false},
		{`a|b`, "ab", false},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "\tÿ", true},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "Ā", false},
		{`[\uE000-\uFFFD\u10000-\u10FFFF]+`, "😀", true},
		{`[\uE000-\uFFFD\u10000-\u10FFFF]+`, "0", false},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "a.b", true},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "a.", false},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "", true},
	} {
		if got := regexp.MustCompile(goPattern(tt.pattern)).MatchString(tt.value); got != tt.want {
			t.Errorf("%s on %q: %v", tt.pattern, tt.value, got)
		}
	}
}

// Types of some real operations, as the generator would write them.
type (
	signUpInput struct {
		ClientId, SecretHash, Username, Password *string
		UserAttributes, ValidationData           []attribute
		AnalyticsMetadata                        *struct{ AnalyticsEndpointId *string }
		UserContextData                          *struct{ IpAddress, EncodedData *string }
		ClientMetadata                           map[string]string
	}
	attribute      struct{ Name, Value *string }
	listPoolsInput struct {
		NextToken  *string
		MaxResults *int32
	}
	adminGetUserInput struct{ UserPoolId, Username *string }
	getIdInput        struct {
		AccountId, IdentityPoolId *string
		Logins                    map[string]string
	}
	listUsersInput struct {
		UserPoolId, PaginationToken, Filter *string
		AttributesToGet                     []string
		Limit                               *int32
	}
)

func inputNode(t testing.TB, service, op string, in any) *node {
	t.Helper()
	m := models.Find(service)
	n, err := (&binder{model: m, done: map[binding]*node{}}).bind(m.Operation(op).Input, reflect.TypeOf(in).Elem())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestValidate(t *testing.T) {
	const prefix = "1 validation error detected: "
	for _, tt := range []struct {
		name, service, op string
		in                any
		want              string
	}{
		{"good", "cognito-idp", "AdminGetUser", &adminGetUserInput{Ptr("us-east-1_Demo00001"), Ptr("alice")}, ""},
		{"pattern", "cognito-idp", "AdminGetUser", &adminGetUserInput{Ptr("x"), Ptr("alice")},
			prefix + `Value 'x' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`},
		{"missing", "cognito-idp", "AdminGetUser", &adminGetUserInput{Username: Ptr("alice")},
			prefix + "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"},
		{"several", "cognito-idp", "AdminGetUser", &adminGetUserInput{},
			"2 validation errors detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'username' failed to satisfy constraint: Member must not be null"},
		{"sensitive", "cognito-idp", "AdminGetUser", &adminGetUserInput{Ptr("us-east-1_Demo00001"), Ptr("")},
			`2 validation errors detected: Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1; ` +
				`Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`},
		{"too long is not matched too", "cognito-idp", "AdminGetUser", &adminGetUserInput{Ptr("us-east-1_" + strings.Repeat("a", 46)), Ptr("é")},
			prefix + "Value 'us-east-1_" + strings.Repeat("a", 46) + "' at 'userPoolId' failed to satisfy constraint: Member must have length less than or equal to 55"},
		{"range", "cognito-idp", "ListUserPools", &listPoolsInput{MaxResults: Ptr(int32(0))},
			prefix + "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"in a list", "cognito-idp", "SignUp", &signUpInput{ClientId: Ptr("c"), Username: Ptr("u"), Password: Ptr("p"),
			UserAttributes: []attribute{{Name: Ptr("email")}, {Value: Ptr("v")}}},
			prefix + "Value null at 'userAttributes.2.member.name' failed to satisfy constraint: Member must not be null"},
		{"scalar list", "cognito-idp", "ListUsers", &listUsersInput{UserPoolId: Ptr("us-east-1_Demo00001"), AttributesToGet: []string{"a", ""}},
			prefix + `Value '[a, ]' at 'attributesToGet' failed to satisfy constraint: Member must satisfy constraint: ` +
				`[Member must have length less than or equal to 32, Member must have length greater than or equal to 1, ` +
				`Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+]`},
		{"map of tokens", "cognito-identity", "GetId", &getIdInput{IdentityPoolId: Ptr("us-east-1:0a"), Logins: map[string]string{"x": ""}},
			prefix + "Value at 'logins' failed to satisfy constraint: Map value must satisfy constraint: " +
				"[Member must have length less than or equal to 50000, Member must have length greater than or equal to 1]"},
		{"characters, not bytes", "cognito-idp", "AdminGetUser", &adminGetUserInput{Ptr("us-east-1_Demo00001"), Ptr(strings.Repeat("é", 128))}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := inputNode(t, tt.service, tt.op, tt.in)
			if got, _ := validate(n, reflect.ValueOf(tt.in).Elem()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestValidateEnum(t *testing.T) {
	n := &node{shape: &models.Shape{Kind: models.String, Enum: []string{"A", "B"}}}
	if got := n.violations(reflect.ValueOf("C")); len(got) != 1 || got[0] != "Member must satisfy enum value set: [A, B]" {
		t.Errorf("got %q", got)
	}
	if got := n.violations(reflect.ValueOf("B")); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestValidateBoundsItsAnswer(t *testing.T) {
	in := &signUpInput{UserAttributes: make([]attribute, 10000)}
	text, _ := validate(inputNode(t, "cognito-idp", "SignUp", in), reflect.ValueOf(in).Elem())
	if !strings.HasPrefix(text, "20 validation errors detected: ") || len(text) > 4000 {
		t.Errorf("%d bytes: %.60s", len(text), text)
	}
}

func TestRedact(t *testing.T) {
	in := &signUpInput{ClientId: Ptr("c"), SecretHash: Ptr("s"), Username: Ptr("u"), Password: Ptr("p"),
		UserAttributes: []attribute{{Ptr("email"), Ptr("a@b")}},
		ClientMetadata: map[string]string{"app": "1", "client_secret": "x"}}
	got := recorder{}.value(inputNode(t, "cognito-idp", "SignUp", in), reflect.ValueOf(in).Elem())
	want := map[string]any{
		"clientId": "c", "secretHash": redact.Hidden, "username": redact.Hidden, "password": redact.Hidden,
		"userAttributes": []any{map[string]any{"name": "email", "value": redact.Hidden}},
		"clientMetadata": map[string]any{"app": redact.Hidden, "client_secret": redact.Hidden},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
	named := recorder{names: true}.value(inputNode(t, "cognito-idp", "SignUp", in), reflect.ValueOf(in).Elem())
	if named.(map[string]any)["username"] != "u" {
		t.Errorf("got %#v", named)
	}
}

// A value that a service repeats to its caller stays out of the log all the same.
func TestViolatedShowsNoSecret(t *testing.T) {
	in := &struct {
		DurationSeconds         *int32
		SerialNumber, TokenCode *string
	}{SerialNumber: Ptr("?"), TokenCode: Ptr("hunter2")}
	n := inputNode(t, "sts", "GetSessionToken", in)
	said, _ := validate(n, reflect.ValueOf(in).Elem())
	kept := violated(n, reflect.ValueOf(in).Elem())
	if !strings.Contains(said, "hunter2") || strings.Contains(kept, "hunter2") || !strings.Contains(kept, "Value '?' at 'serialNumber'") {
		t.Errorf("said %s\nkept %s", said, kept)
	}
}
