package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts/policy"
)

const (
	syntaxErrors = "Syntax errors in policy."
	legacy       = "The policy failed legacy parsing"
	noVendor     = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	onlySTS      = "AssumeRole policy may only specify STS AssumeRole actions."
)

func wantMalformed(t *testing.T, kind policy.Kind, doc, text string) {
	t.Helper()
	_, err := policy.Parse(kind, doc)
	var m *policy.MalformedError
	if !errors.As(err, &m) || m.Text != text {
		t.Errorf("%s: got %v, want %q", doc, err, text)
	}
}

// Faults of the document as a whole.
func TestParseRefusesDocuments(t *testing.T) {
	const ok = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
	for _, tt := range []struct {
		name, doc, text string
		kind            policy.Kind
	}{
		{"no JSON", `{`, syntaxErrors, policy.Identity},
		{"no JSON, trust", `{`, "This policy contains invalid Json", policy.Trust},
		{"two documents", `{} {}`, syntaxErrors, policy.Identity},
		{"a list", `[]`, syntaxErrors, policy.Identity},
		{"a list, trust", `[]`, "Syntax error in policy.", policy.Trust},
		{"unknown version", `{"Version":"2020-01-01","Statement":` + ok + `}`, syntaxErrors, policy.Identity},
		{"unknown version, trust", `{"Version":"2020-01-01","Statement":` + ok + `}`, "The policy must contain a valid version string", policy.Trust},
		{"no version, managed", `{"Statement":` + ok + `}`, "Policy document must be version 2012-10-17 or greater.", policy.Managed},
		{"old version, managed", `{"Version":"2008-10-17","Statement":` + ok + `}`, "Policy document must be version 2012-10-17 or greater.", policy.Managed},
		{"Id is no text", `{"Id":["x"],"Statement":` + ok + `}`, syntaxErrors, policy.Identity},
		{"unknown element", `{"Sttement":` + ok + `}`, syntaxErrors, policy.Identity},
		{"no statement", `{"Version":"2012-10-17","Statement":[]}`, syntaxErrors, policy.Identity},
		{"no statement, trust", `{"Version":"2012-10-17","Statement":[]}`, "Could not parse the policy: Statement is empty!", policy.Trust},
		{"a text for a statement", `{"Statement":["x"]}`, syntaxErrors, policy.Identity},
		{"a member twice", `{"Statement":` + ok + `,"Statement":` + ok + `}`, syntaxErrors, policy.Identity},
		{"same Sid twice", `{"Statement":[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}]}`,
			"Statement IDs (SID) in a single policy must be unique.", policy.Identity},
		{"a character that IAM does not know", `{"Id":"Ω","Statement":` + ok + `}`, syntaxErrors, policy.Identity},
		{"long", `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("x", policy.MaxSize) + `"}}`,
			"The policy is longer than the limit of 10240 characters.", policy.Identity},
		{"long for a session", `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("x", policy.MaxSessionSize) + `"}}`,
			"The policy is longer than the limit of 2048 characters.", policy.Session},
		{"deep nesting", strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000), syntaxErrors, policy.Identity},
	} {
		t.Run(tt.name, func(t *testing.T) { wantMalformed(t, tt.kind, tt.doc, tt.text) })
	}
}

// Faults of a statement of an identity policy.
func TestParseRefusesStatements(t *testing.T) {
	for _, tt := range []struct{ name, body, text string }{
		{"unknown element", `"Effect":"Allow","Action":"*","Resource":"*","Extra":"x"`, syntaxErrors},
		{"a member twice", `"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"`, syntaxErrors},
		{"no effect", `"Action":"*","Resource":"*"`, syntaxErrors},
		{"unknown effect", `"Effect":"Maybe","Action":"*","Resource":"*"`, syntaxErrors},
		{"effect in another case", `"Effect":"allow","Action":"*","Resource":"*"`, legacy},
		{"effects", `"Effect":["Allow"],"Action":"*","Resource":"*"`, syntaxErrors},
		{"Sid is no text", `"Sid":[],"Effect":"Allow","Action":"*","Resource":"*"`, syntaxErrors},
		{"Sid with a space", `"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"`,
			"Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{"principal", `"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"`, "Policy document should not specify a principal."},
		{"NotPrincipal", `"Effect":"Deny","NotPrincipal":"*","Action":"s3:*","Resource":"*"`, "Policy document should not specify a principal."},

		{"no action", `"Effect":"Allow","Resource":"*"`, "Policy statement must contain actions."},
		{"an empty list of actions", `"Effect":"Allow","Action":[],"Resource":"*"`, "Policy statement must contain actions."},
		{"both action forms", `"Effect":"Allow","Action":"*","NotAction":"s3:*","Resource":"*"`, syntaxErrors},
		{"an action is no text", `"Effect":"Allow","Action":[[]],"Resource":"*"`, syntaxErrors},
		{"no vendor", `"Effect":"Allow","Action":"GetObject","Resource":"*"`, noVendor},
		{"an empty action", `"Effect":"Allow","NotAction":"","Resource":"*"`, noVendor},
		{"two colons", `"Effect":"Allow","Action":"s3:List:Bucket","Resource":"*"`, "Actions/Condition can contain only one colon."},
		{"a bad vendor", `"Effect":"Allow","Action":"a a:ListBucket","Resource":"*"`, "Vendor a a is not valid"},

		{"no resource", `"Effect":"Allow","Action":"s3:*"`, "Policy statement must contain resources."},
		{"an empty list of resources", `"Effect":"Allow","Action":"s3:*","Resource":[]`, "Policy statement must contain resources."},
		{"both resource forms", `"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":[]`, syntaxErrors},
		{"a resource is no text", `"Effect":"Allow","Action":"s3:*","Resource":{"a":"b"}`, syntaxErrors},
		{"no ARN", `"Effect":"Allow","Action":"s3:*","Resource":"bucket"`, `Resource bucket must be in ARN format or "*".`},
		{"an empty resource", `"Effect":"Allow","Action":"s3:*","Resource":""`, `Resource  must be in ARN format or "*".`},
		{"a partition", `"Effect":"Allow","Action":"s3:*","Resource":"arn:error:s3:::b"`, `Partition "error" is not valid for resource "arn:error:s3:::b".`},
		{"no arn in front", `"Effect":"Allow","Action":"s3:*","Resource":"aws:s3:::b"`, `Partition "s3" is not valid for resource "arn:s3:::b:*".`},
		{"no service", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws"`, "Resource vendor must be fully qualified and cannot contain regexes."},
		{"an empty service", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws::::b"`, legacy},
		{"a part is missing", `"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3::b"`, legacy},
		{"a bucket in a region", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:us-east-1::b"`, "Resource arn:aws:s3:us-east-1::b can not contain region information."},
		{"a role in a region", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:iam:us-east-1::role/b"`, "IAM resource arn:aws:iam:us-east-1::role/b cannot contain region information."},
		{"nothing of IAM", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:iam:::bucket"`,
			`IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`},
		{"an unclosed variable", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:userid"`, legacy},
		{"a default without quotes", `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:userid, x}"`, legacy},

		{"conditions in a list", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":[]`, syntaxErrors},
		{"an operator without keys", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{}}`, syntaxErrors},
		{"a key without values", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:userid":[]}}`, syntaxErrors},
		{"an unknown operator", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringMatches":{"aws:userid":"x"}}`, syntaxErrors},
		{"an unknown set operator", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ForSomeValues:StringLike":{"aws:userid":"x"}}`, syntaxErrors},
		{"Null IfExists", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NullIfExists":{"aws:userid":"true"}}`, syntaxErrors},
		{"Null of a set", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:Null":{"aws:userid":"true"}}`, syntaxErrors},
		{"a key without vendor", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"userid":"x"}}`, noVendor},
		{"a bad date", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}}`, legacy},
		{"a bad number", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NumericEquals":{"s3:max-keys":"0x10"}}`, `Invalid value "0x10" for the condition operator NumericEquals.`},
		{"a bad address", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}`, `Invalid value "10.0.0.0/33" for the condition operator IpAddress.`},
		{"a bad ARN", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"role/x"}}`, `Invalid value "role/x" for the condition operator ArnLike.`},
		{"no base64", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"BinaryEquals":{"x:y":"?"}}`, `Invalid value "?" for the condition operator BinaryEquals.`},
		{"neither true nor false", `"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Null":{"x:y":"yes"}}`, `Invalid value "yes" for the condition operator Null.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantMalformed(t, policy.Identity, `{"Version":"2012-10-17","Statement":[{`+tt.body+`}]}`, tt.text)
		})
	}
}

// Of several faults IAM names one: the first of its first pass.
func TestParseOrdersFaults(t *testing.T) {
	for _, tt := range []struct{ name, doc, text string }{
		{"form before version", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Extra":1}}`, syntaxErrors},
		{"version before legacy", `{"Statement":{"Effect":"denY","Action":"*","Resource":"*"}}`, "Policy document must be version 2012-10-17 or greater."},
		{"legacy before Sids", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"aLLow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow"}]}`, legacy},
		{"Sids before actions", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow"}]}`,
			"Statement IDs (SID) in a single policy must be unique."},
		{"actions before resources", `{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}`, "Policy statement must contain actions."},
		{"legacy before actions", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"arn:aws:s3::b"}}`, legacy},
		{"resources before vendors", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s:3:List","Resource":"b"}}`, `Resource b must be in ARN format or "*".`},
	} {
		t.Run(tt.name, func(t *testing.T) { wantMalformed(t, policy.Managed, tt.doc, tt.text) })
	}
}

// Faults of a statement of a trust policy, and of the principals of other resources.
func TestParseRefusesTrust(t *testing.T) {
	for _, tt := range []struct {
		name, body, text string
		kind             policy.Kind
	}{
		{"no effect", `"Principal":"*","Action":"sts:AssumeRole"`, "Missing required field Effect", policy.Trust},
		{"an unknown effect", `"Effect":"allow","Principal":"*","Action":"sts:AssumeRole"`, "Invalid effect: allow", policy.Trust},
		{"a resource", `"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"`, "Has prohibited field Resource", policy.Trust},
		{"a NotResource", `"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","NotResource":"*"`, "AssumeRole policy must not contain resources.", policy.Trust},
		{"no action", `"Effect":"Allow","Principal":"*"`, "Missing required field Action", policy.Trust},
		{"other actions", `"Effect":"Allow","Principal":"*","Action":"s3:GetObject"`, onlySTS, policy.Trust},
		{"all actions", `"Effect":"Allow","Principal":"*","Action":"*"`, onlySTS, policy.Trust},
		{"other actions of STS", `"Effect":"Allow","Principal":"*","Action":"sts:GetCallerIdentity"`, onlySTS, policy.Trust},
		{"nobody", `"Effect":"Allow","Action":"sts:AssumeRole"`, "Missing required field Principal", policy.Trust},
		{"nobody of a bucket", `"Effect":"Allow","Action":"s3:*","Resource":"*"`, "Missing required field Principal", policy.Resource},
		{"an empty principal", `"Effect":"Allow","Principal":{},"Action":"sts:*"`, "Missing required field Principal cannot be empty!", policy.Trust},
		{"an empty list", `"Effect":"Allow","Principal":{"AWS":[]},"Action":"sts:*"`, "Missing required field Principal cannot be empty!", policy.Trust},
		{"a text", `"Effect":"Allow","Principal":"arn:aws:iam::000000000000:root","Action":"sts:*"`, "Principal must be a JSON object.", policy.Trust},
		{"everybody but", `"Effect":"Allow","NotPrincipal":{"AWS":"000000000000"},"Action":"sts:*"`, "Allow with NotPrincipal is not allowed.", policy.Trust},
		{"everybody but, of a bucket", `"Effect":"Allow","NotPrincipal":{"AWS":"000000000000"},"Action":"s3:*","Resource":"*"`, "Allow with NotPrincipal is not allowed.", policy.Resource},
		{"nobody but", `"Effect":"Deny","NotPrincipal":{"AWS":"000000000000"},"Action":"sts:*"`, "AssumeRole policy must not contain NotPrincipal field.", policy.Trust},
		{"both forms", `"Effect":"Deny","Principal":"*","NotPrincipal":{"AWS":"000000000000"},"Action":"sts:*"`, "Syntax error in policy.", policy.Trust},
		{"every provider", `"Effect":"Allow","Principal":{"Federated":"*"},"Action":"sts:*"`, `Invalid principal in policy: "FEDERATED":"*"`, policy.Trust},
		{"an unknown type", `"Effect":"Allow","Principal":{"Group":"x"},"Action":"sts:*"`, `Invalid principal in policy: "GROUP":"x"`, policy.Trust},
		{"a wildcard", `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/*"},"Action":"sts:*"`, `Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/*"`, policy.Trust},
		{"a group", `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:group/x"},"Action":"sts:*"`, `Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:group/x"`, policy.Trust},
		{"a condition", `"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{"x":{"a:b":"c"}}`, "Syntax error in policy.", policy.Trust},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantMalformed(t, tt.kind, `{"Version":"2012-10-17","Statement":[{`+tt.body+`}]}`, tt.text)
		})
	}
}

// What IAM takes is taken.
func TestParseAccepts(t *testing.T) {
	for _, tt := range []struct {
		kind policy.Kind
		body string
	}{
		{policy.Managed, `"Effect":"Allow","Action":"iam: asdf safdsf af ","Resource":"arn:aws:s3:::b"`},
		{policy.Managed, `"Effect":"Allow","Action":["*","*:Get*","s3-s.x:List"],"Resource":["arn:aws:s33:::b","*"]`},
		{policy.Managed, `"Effect":"Allow","Action":"s3:x","Resource":["arn:aws:cloudwatch:us-east-1::b","arn:aws-cn:s3:::b","arn:aws:iam:::user/x","arn:aws:iam::*:*","arn:aws:iam::1:r*"]`},
		{policy.Managed, `"Effect":"Allow","Action":"s3:x","Resource":"*","Condition":{}`},
		{policy.Managed, `"Sid":"","Effect":"Allow","Action":"s3:x","Resource":"*","Condition":{"ForAnyValue:StringEqualsIfExists":{"a:b":"c"},"Bool":{"a:b":true},"NumericLessThan":{"a:c":1.5}}`},
		{policy.Identity, `"Effect":"Allow","NotAction":"s3:x","NotResource":"*"`},
		{policy.Resource, `"Sid":"any text","Effect":"Deny","NotPrincipal":{"AWS":["000000000000","arn:aws:sts::000000000000:federated-user/x"],"Service":"s3.amazonaws.com","CanonicalUser":"79a59d"},"Action":"*","Resource":"*"`},
		{policy.Trust, `"Effect":"Allow","Principal":{"AWS":"*","Federated":["cognito-identity.amazonaws.com","arn:aws:iam::000000000000:oidc-provider/a.b:8080/c"]},"Action":["sts:Assume*","sts:TagSession"]`},
	} {
		if _, err := policy.Parse(tt.kind, "\n{\t\"Version\": \"2012-10-17\",\r\n \"Id\": \"x\", \"Statement\": {"+tt.body+"}}"); err != nil {
			t.Errorf("%s: %v", tt.body, err)
		}
	}
	spaced := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:x","Resource":"*"}` + strings.Repeat(" ", policy.MaxSize) + `}`
	if _, err := policy.Parse(policy.Identity, spaced); err != nil {
		t.Errorf("white space counts: %v", err)
	}
	if n := policy.Size(spaced); n != len(spaced)-policy.MaxSize {
		t.Errorf("size %d", n)
	}
}
