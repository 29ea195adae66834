package awsgo_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestPolicies(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		t.Run("malformed", func(t *testing.T) { malformed(t, f) })
		t.Run("authorization messages", func(t *testing.T) { messages(t, f) })
	})
}

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func malformed(t *testing.T, f *harness.Fixture) {
	root := f.Root()
	for doc, text := range map[string]string{
		`{"Version":`: "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`:                                       "Policy document must be version 2012-10-17 or greater.",
		policyOf(`{"Effect":"Allow","Action":"Get","Resource":"*"}`):                                         "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		policyOf(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`):                        "Policy document should not specify a principal.",
		policyOf(`{"Effect":"allow","Action":"s3:*","Resource":"*"}`):                                        "The policy failed legacy parsing",
		policyOf(`{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}`, `{"Sid":"A","Effect":"Allow"}`): "Statement IDs (SID) in a single policy must be unique.",
	} {
		_, err := root.IAM.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("broken"), PolicyDocument: &doc})
		harness.WantCode(t, err, "MalformedPolicyDocument", text)
	}
	_, err := root.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("broken"),
		AssumeRolePolicyDocument: aws.String(policyOf(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`))})
	harness.WantCode(t, err, "MalformedPolicyDocument", "Has prohibited field Resource")
}

func simulateCustom(t *testing.T, api *iam.Client) {
	ctx := t.Context()
	caller := "arn:aws:iam::" + harness.Account + ":user/ann"
	home := policyOf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`)
	in := &iam.SimulateCustomPolicyInput{PolicyInputList: []string{home}, ActionNames: []string{"s3:GetObject", "s3:PutObject", "sqs:SendMessage"},
		ResourceArns: []string{"arn:aws:s3:::home/ann/x", "arn:aws:s3:::home/bob/x"}, CallerArn: &caller, MaxItems: aws.Int32(4),
		PermissionsBoundaryPolicyInputList: []string{policyOf(`{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`, `{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`)},
		ContextEntries:                     []types.ContextEntry{{ContextKeyName: aws.String("aws:SourceIp"), ContextKeyType: types.ContextKeyTypeEnumIp, ContextKeyValues: []string{"10.1.2.3"}}}}
	var got []types.EvaluationResult
	pages := iam.NewSimulateCustomPolicyPaginator(api, in)
	for n := 0; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		must(t, err)
		got = append(got, page.EvaluationResults...)
		if n > 1 || n == 0 && len(page.EvaluationResults) != 4 {
			t.Fatalf("page %d has %d results", n, len(page.EvaluationResults))
		}
	}
	want := []types.PolicyEvaluationDecisionType{"allowed", "implicitDeny", "implicitDeny", "implicitDeny", "explicitDeny", "explicitDeny"}
	for i, r := range got {
		bounded := strings.HasPrefix(*r.EvalActionName, "s3:Get")
		if r.EvalDecision != want[i] || r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary != bounded || len(r.ResourceSpecificResults) != 1 ||
			r.ResourceSpecificResults[0].EvalResourceDecision != want[i] || *r.EvalResourceName != in.ResourceArns[i%2] {
			t.Errorf("result %d: %s on %s is %s", i, *r.EvalActionName, *r.EvalResourceName, r.EvalDecision)
		}
	}
	first := got[0].MatchedStatements[0]
	if *first.SourcePolicyId != "PolicyInputList.1" || first.SourcePolicyType != types.PolicySourceTypeNone || first.StartPosition.Line != 1 ||
		first.StartPosition.Column != 39 || int(first.EndPosition.Column) != len(home)-1 {
		t.Errorf("matched %s %s %+v %+v", *first.SourcePolicyId, first.SourcePolicyType, first.StartPosition, first.EndPosition)
	}

	out, err := api.SimulateCustomPolicy(ctx, &iam.SimulateCustomPolicyInput{PolicyInputList: []string{home}, ActionNames: []string{"s3:GetObject"}})
	must(t, err)
	if r := out.EvaluationResults[0]; r.EvalDecision != "implicitDeny" || *r.EvalResourceName != "*" || out.IsTruncated {
		t.Errorf("without a resource: %+v", r)
	}
	keys, err := api.GetContextKeysForCustomPolicy(ctx, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{home}})
	must(t, err)
	if !slices.Equal(keys.ContextKeyNames, []string{"aws:SourceIp", "aws:username"}) {
		t.Errorf("keys %q", keys.ContextKeyNames)
	}
	crossAccount(t, api, caller)
	organization(t, api)
	refusedSimulations(t, api)
}

func crossAccount(t *testing.T, c *iam.Client, caller string) {
	out, err := c.SimulateCustomPolicy(t.Context(), &iam.SimulateCustomPolicyInput{PolicyInputList: []string{policyOf(`{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`)},
		ActionNames: []string{"s3:GetObject", "s3:PutObject"}, ResourceArns: []string{"arn:aws:s3:::theirs/x"}, CallerArn: &caller, ResourceOwner: aws.String("arn:aws:iam::111111111111:root"),
		ResourcePolicy: aws.String(policyOf(`{"Effect":"Allow","Principal":{"AWS":"` + caller + `"},"Action":"s3:*","Resource":"*"}`))})
	must(t, err)
	for i, want := range []types.PolicyEvaluationDecisionType{"allowed", "implicitDeny"} {
		r := out.EvaluationResults[i]
		if r.EvalDecision != want || r.EvalDecisionDetails["IAM Policy"] != want || r.EvalDecisionDetails["Resource Policy"] != "allowed" {
			t.Errorf("%s abroad: %s, %v", *r.EvalActionName, r.EvalDecision, r.EvalDecisionDetails)
		}
	}
}

// organization: each level must allow.
func organization(t *testing.T, c *iam.Client) {
	all, reading := policyOf(`{"Effect":"Allow","Action":"*","Resource":"*"}`), policyOf(`{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`)
	out, err := c.SimulateCustomPolicy(t.Context(), &iam.SimulateCustomPolicyInput{PolicyInputList: []string{all}, ActionNames: []string{"s3:GetObject", "s3:PutObject"},
		OrderedOrganizationPolicyInputList: []types.OrderedOrganizationPolicyType{{ServiceControlPolicyInputList: []string{all}}, {ServiceControlPolicyInputList: []string{reading}}}})
	must(t, err)
	for i, want := range []types.PolicyEvaluationDecisionType{"allowed", "implicitDeny"} {
		r := out.EvaluationResults[i]
		if r.EvalDecision != want || r.OrganizationsDecisionDetail == nil || r.OrganizationsDecisionDetail.AllowedByOrganizations != (want == "allowed") {
			t.Errorf("%s: %s, %+v", *r.EvalActionName, r.EvalDecision, r.OrganizationsDecisionDetail)
		}
	}
}

func refusedSimulations(t *testing.T, c *iam.Client) {
	for text, change := range map[string]func(*iam.SimulateCustomPolicyInput){
		"PolicyInputList.1 is malformed: Syntax errors in policy.":            func(in *iam.SimulateCustomPolicyInput) { in.PolicyInputList = []string{"{"} },
		"ResourceHandlingOption is not supported by this server.":             func(in *iam.SimulateCustomPolicyInput) { in.ResourceHandlingOption = aws.String("EC2-VPC-EBS") },
		"The value x of the context key aws:SourceIp is not of the type ip.":  func(in *iam.SimulateCustomPolicyInput) { in.ContextEntries = entry("ip", "x") },
		"The context key aws:SourceIp of the type string has several values.": func(in *iam.SimulateCustomPolicyInput) { in.ContextEntries = entry("string", "x", "y") },
		"A context entry must have a name, a type and values.":                func(in *iam.SimulateCustomPolicyInput) { in.ContextEntries = entry("string") },
		`Invalid resource bucket: it must be an ARN or "*".`:                  func(in *iam.SimulateCustomPolicyInput) { in.ResourceArns = []string{"bucket"} },
		"OrderedOrganizationPolicyInputList.1.ServiceControlPolicyInputList.1 is malformed: Syntax errors in policy.": func(in *iam.SimulateCustomPolicyInput) {
			in.OrderedOrganizationPolicyInputList = []types.OrderedOrganizationPolicyType{{ServiceControlPolicyInputList: []string{"{"}}}
		},
	} {
		in := &iam.SimulateCustomPolicyInput{PolicyInputList: []string{policyOf(`{"Effect":"Allow","Action":"*","Resource":"*"}`)}, ActionNames: []string{"s3:GetObject"}}
		change(in)
		_, err := c.SimulateCustomPolicy(t.Context(), in)
		harness.WantCode(t, err, "InvalidInput", text)
	}
	_, err := c.GetContextKeysForCustomPolicy(t.Context(), &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{"{}"}})
	harness.WantCode(t, err, "InvalidInput", "PolicyInputList.1 is malformed: Syntax errors in policy.")
}

func entry(kind types.ContextKeyTypeEnum, values ...string) []types.ContextEntry {
	return []types.ContextEntry{{ContextKeyName: aws.String("aws:SourceIp"), ContextKeyType: kind, ContextKeyValues: values}}
}

func simulatePrincipal(t *testing.T, api *iam.Client) {
	ctx := t.Context()
	u, err := api.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("simulated"), Path: aws.String("/team/"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	must(t, err)
	_, err = api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: u.User.UserName, PolicyName: aws.String("own"), PolicyDocument: aws.String(policyOf(
		"\n"+`  {"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*"}`, `{"Effect":"Deny","Action":"s3:Put*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`))})
	must(t, err)
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: u.User.Arn, ActionNames: []string{"s3:PutObject"}, ResourceArns: []string{"arn:aws:s3:::red/x"}}
	out, err := api.SimulatePrincipalPolicy(ctx, in)
	must(t, err)
	r := out.EvaluationResults[0]
	m := r.MatchedStatements[0]
	if r.EvalDecision != "allowed" || *m.SourcePolicyId != "user_simulated_own" || m.SourcePolicyType != types.PolicySourceTypeUser || m.StartPosition.Line != 2 || m.StartPosition.Column != 4 {
		t.Errorf("decision %s by %s %s %+v", r.EvalDecision, *m.SourcePolicyId, m.SourcePolicyType, m.StartPosition)
	}
	if missing := r.ResourceSpecificResults[0].MissingContextValues; !slices.Equal(missing, []string{"aws:SecureTransport"}) {
		t.Errorf("missing %q", missing)
	}
	in.ContextEntries = []types.ContextEntry{{ContextKeyName: aws.String("aws:SecureTransport"), ContextKeyType: types.ContextKeyTypeEnumBoolean, ContextKeyValues: []string{"false"}}}
	out, err = api.SimulatePrincipalPolicy(ctx, in)
	must(t, err)
	if r := out.EvaluationResults[0]; r.EvalDecision != "explicitDeny" || len(r.MatchedStatements) != 1 || len(r.ResourceSpecificResults[0].MissingContextValues) != 0 {
		t.Errorf("with its key: %+v", r)
	}
	in.PolicyExclusionList = []types.PolicyIdentifier{&types.PolicyIdentifierMemberInlinePolicyIdentifier{Value: types.InlinePolicyIdentifierType{
		PolicyName: aws.String("own"), AttachmentType: "user", AttachmentName: u.User.UserName}}}
	out, err = api.SimulatePrincipalPolicy(ctx, in)
	must(t, err)
	if r := out.EvaluationResults[0]; r.EvalDecision != "implicitDeny" {
		t.Errorf("without its policy: %s", r.EvalDecision)
	}
	keys, err := api.GetContextKeysForPrincipalPolicy(ctx, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: u.User.Arn})
	must(t, err)
	if !slices.Equal(keys.ContextKeyNames, []string{"aws:PrincipalTag/team", "aws:SecureTransport"}) {
		t.Errorf("keys %q", keys.ContextKeyNames)
	}
	_, err = api.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: u.User.Arn, ActionNames: []string{"s3:PutObject"}, ResourceArns: []string{"bucket"}})
	harness.WantCode(t, err, "InvalidInput", `Invalid resource bucket: it must be an ARN or "*".`)
	gone := aws.String("arn:aws:iam::" + harness.Account + ":user/simulated")
	_, err = api.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: gone, ActionNames: []string{"s3:PutObject"}})
	harness.WantCode(t, err, "NoSuchEntity", "The user with name simulated cannot be found.")
	_, err = api.GetContextKeysForPrincipalPolicy(ctx, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: gone})
	harness.WantCode(t, err, "NoSuchEntity", "The user with name simulated cannot be found.")
	_, err = api.GetContextKeysForPrincipalPolicy(ctx, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:s3:::bucket/of/somebody")})
	harness.WantCode(t, err, "InvalidInput", "Invalid Entity Arn: arn:aws:s3:::bucket/of/somebody does not clearly define entity type and name.")
}

// sealedIn returns the message in the text of a refusal.
func sealedIn(t *testing.T, err error) string {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	_, sealed, ok := strings.Cut(e.ErrorMessage(), " Encoded authorization failure message: ")
	if !ok {
		t.Fatalf("%q has no message", e.ErrorMessage())
	}
	return sealed
}

func messages(t *testing.T, f *harness.Fixture) {
	ctx, root := t.Context(), f.Root()
	user := func(name, doc string) *harness.AWS {
		_, err := root.IAM.CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
		must(t, err)
		if doc != "" {
			_, err = root.IAM.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &doc})
			must(t, err)
		}
		k, err := root.IAM.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
		must(t, err)
		return f.As(*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey, "")
	}
	ann := user("denied", policyOf(`{"Sid":"Never","Effect":"Deny","Action":"cognito-idp:Delete*","Resource":"*"}`))
	support := user("support", policyOf(`{"Effect":"Allow","Action":"sts:DecodeAuthorizationMessage","Resource":"*"}`))

	_, err := ann.IDP.DeleteUserPool(ctx, &idp.DeleteUserPoolInput{UserPoolId: &f.PoolID})
	harness.WantCode(t, err, "AccessDeniedException", "")
	sealed := sealedIn(t, err)
	if told := decode(t, ctx, support, sealed); !told.ExplicitDeny || told.Context.Action != "cognito-idp:DeleteUserPool" || !strings.HasSuffix(told.Context.Resource, "userpool/"+f.PoolID) ||
		told.Context.Principal.Name != "denied" || len(told.MatchedStatements.Items) != 1 || told.MatchedStatements.Items[0].StatementID != "Never" {
		t.Errorf("told %+v", told)
	}
	_, err = ann.IAM.ListUsers(ctx, &iam.ListUsersInput{})
	if told := decode(t, ctx, support, sealedIn(t, err)); told.ExplicitDeny || told.Context.Action != "iam:ListUsers" {
		t.Errorf("told %+v", told)
	}
	_, err = ann.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + harness.Account + ":role/nosuch"), RoleSessionName: aws.String("x1")})
	harness.WantCode(t, err, "AccessDenied", "")
	if again := sealedIn(t, err); len(again) != len(sealed) {
		t.Errorf("messages of %d and %d characters", len(sealed), len(again))
	}

	_, err = ann.STS.DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: &sealed})
	harness.WantCode(t, err, "AccessDenied", "")
	_, err = support.STS.DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(sealed[:40] + "AAAA" + sealed[44:])})
	harness.WantCode(t, err, "InvalidAuthorizationMessageException", "The encoded authorization message is invalid or has expired.")

	anonymous := f.Anonymous()
	_, err = anonymous.STS.AssumeRoleWithSAML(ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String("arn:aws:iam::" + harness.Account + ":role/nosuch"),
		PrincipalArn: aws.String("arn:aws:iam::" + harness.Account + ":saml-provider/nosuch"), SAMLAssertion: aws.String("PHNhbWw+")})
	if err == nil || strings.Contains(err.Error(), "Encoded authorization") {
		t.Errorf("a stranger: %v", err)
	}
}

type told struct {
	ExplicitDeny      bool
	MatchedStatements struct {
		Items []struct{ StatementID string }
	}
	Context struct {
		Action, Resource string
		Principal        struct{ Name string }
	}
}

func decode(t *testing.T, ctx context.Context, c *harness.AWS, sealed string) (x told) {
	t.Helper()
	out, err := c.STS.DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: &sealed})
	must(t, err)
	must(t, json.Unmarshal([]byte(*out.DecodedMessage), &x))
	return x
}
