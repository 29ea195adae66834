package awsgo_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// hidden is what the audit log has in place of secrets.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

func spMetadata(entity, acs string) string {
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">` +
		`<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + acs + `" index="0" isDefault="true"/>` +
		`</SPSSODescriptor></EntityDescriptor>`
}

// TestSAMLCredentials goes from the hosted page to credentials: an employee signs
// in, and the assertion for AWS buys a role, once.
func TestSAMLCredentials(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		role, provider := trustPool(t, f)
		own := awsApp(t, f, "aws", "urn:amazon:webservices", role, provider)
		foreign := awsApp(t, f, "another app", "urn:example:app", role, provider)
		browser := harness.NewBrowser(t, nil)
		response := func(app string) string {
			p := browser.Walk(t, f.URL+"/"+f.PoolID+"/saml/init/"+app, &f.Alice, func(p *harness.Page) bool { return p.Form("SAMLResponse") != nil })
			return p.Form("SAMLResponse").Fields.Get("SAMLResponse")
		}
		assume := func(assertion string) (*sts.AssumeRoleWithSAMLOutput, error) {
			return f.Anonymous().STS.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: &role, PrincipalArn: &provider, SAMLAssertion: &assertion})
		}

		assertion := response(own)
		_, err := assume(tampered(t, assertion, f.Alice.Email, f.Bob.Email))
		harness.WantCode(t, err, "InvalidIdentityToken", "Response signature invalid")
		_, err = assume(response(foreign))
		harness.WantCode(t, err, "InvalidIdentityToken", "Response does not contain the required audience")
		out, err := assume(assertion)
		must(t, err)
		if *out.Subject != f.Alice.Email || *out.Audience != harness.SAMLRecipient || *out.Issuer != f.URL+"/"+f.PoolID+"/saml/metadata" {
			t.Errorf("answer %+v", out)
		}
		r := record(t, f.Server, "AssumeRoleWithSAML")
		wantMembers(t, r, map[string]any{"userIdentity.type": "SAMLUser", "userIdentity.userName": f.Alice.Email,
			"userIdentity.identityProvider": *out.NameQualifier, "requestParameters.roleArn": role, "requestParameters.principalArn": provider,
			"requestParameters.sAMLAssertion": hidden, "responseElements.credentials.accessKeyId": *out.Credentials.AccessKeyId,
			"responseElements.credentials.sessionToken": hidden, "responseElements.credentials.secretAccessKey": hidden,
			"responseElements.assumedRoleUser.arn": *out.AssumedRoleUser.Arn, "responseElements.nameQualifier": *out.NameQualifier})
		if id, _ := member(r, "requestParameters", "sAMLAssertionID").(string); id == "" || !bytes.Contains(mustDecode(t, assertion), []byte(`"`+id+`"`)) {
			t.Errorf("assertion ID %q", id)
		}
		_, err = assume(assertion)
		harness.WantCode(t, err, "InvalidIdentityToken", "")

		as := f.As(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		_, err = as.IDP.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		must(t, err)
		_, err = as.IDP.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: &f.PoolID})
		harness.WantCode(t, err, "AccessDeniedException", "")
		wantMembers(t, record(t, f.Server, "DeleteUserPool"), map[string]any{"userIdentity.type": "AssumedRole", "errorCode": "AccessDeniedException",
			"userIdentity.sessionContext.sessionIssuer.arn": role, "userIdentity.sessionContext.sessionIssuer.userName": "employee",
			"userIdentity.sessionContext.attributes.mfaAuthenticated": "false", "requestParameters.userPoolId": f.PoolID, "responseElements": nil})
	})
}

// trustPool registers the pool's identity provider in IAM, and a role for it.
func trustPool(t *testing.T, f *harness.Fixture) (role, provider string) {
	ctx, api := t.Context(), f.Root().IAM
	resp, err := http.Get(f.URL + "/" + f.PoolID + "/saml/metadata")
	must(t, err)
	defer resp.Body.Close()
	metadata, err := io.ReadAll(resp.Body)
	must(t, err)
	p, err := api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("pool"), SAMLMetadataDocument: aws.String(string(metadata))})
	must(t, err)
	r, err := api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("employee"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"` + *p.SAMLProviderArn +
			`"},"Condition":{"StringEquals":{"SAML:aud":"` + harness.SAMLRecipient + `"}}}]}`)})
	must(t, err)
	_, err = api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("employee"), PolicyName: aws.String("read"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-idp:List*","Resource":"*"}]}`)})
	must(t, err)
	return *r.Role.Arn, *p.SAMLProviderArn
}

// awsApp registers an app whose assertions name a role. Only the one of AWS's own
// name and address should buy it.
func awsApp(t *testing.T, f *harness.Fixture, name, entity, role, provider string) (id string) {
	type attribute struct{ Name, Value string }
	app := new(harness.SAMLApp)
	f.Poolhouse(t, "CreateSamlApplication", map[string]any{"UserPoolId": f.PoolID, "Name": name, "MetadataXml": spMetadata(entity, harness.SAMLRecipient), "NameIdFormat": "emailAddress",
		"Attributes": []attribute{{"https://aws.amazon.com/SAML/Attributes/Role", `"` + role + "," + provider + `"`},
			{"https://aws.amazon.com/SAML/Attributes/RoleSessionName", "email"}}}, app)
	return app.Application.ApplicationId
}

func tampered(t *testing.T, assertion, old, replacement string) string {
	xml, err := base64.StdEncoding.DecodeString(assertion)
	must(t, err)
	changed := bytes.ReplaceAll(xml, []byte(old), []byte(replacement))
	if bytes.Equal(changed, xml) {
		t.Fatalf("the response does not name %s", old)
	}
	return base64.StdEncoding.EncodeToString(changed)
}

// TestSAMLApplications is the life of an app in the registry.
func TestSAMLApplications(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		id := f.SAMLApplication(t, "wiki", spMetadata("urn:example:wiki", "https://wiki.example.com/acs"), false).Application.ApplicationId
		at := map[string]any{"UserPoolId": f.PoolID, "ApplicationId": id}
		var got struct {
			Application struct {
				Name, EntityId, NameIdFormat string
				AcsUrls                      []string
				SignAssertion                bool
			}
		}
		f.Poolhouse(t, "DescribeSamlApplication", at, &got)
		a := got.Application
		if a.Name != "wiki" || a.EntityId != "urn:example:wiki" || strings.Join(a.AcsUrls, " ") != "https://wiki.example.com/acs" || !a.SignAssertion {
			t.Errorf("described %+v", a)
		}
		f.Poolhouse(t, "UpdateSamlApplication", map[string]any{"UserPoolId": f.PoolID, "ApplicationId": id, "Name": "handbook", "NameIdFormat": "persistent"}, &got)
		if a := got.Application; a.Name != "handbook" || a.NameIdFormat != "persistent" || a.EntityId != "urn:example:wiki" {
			t.Errorf("updated %+v", a)
		}
		var list struct{ Applications []struct{ Name string } }
		f.Poolhouse(t, "ListSamlApplications", map[string]any{"UserPoolId": f.PoolID}, &list)
		if len(list.Applications) != 1 || list.Applications[0].Name != "handbook" {
			t.Errorf("listed %+v", list)
		}
		f.Poolhouse(t, "DeleteSamlApplication", at, new(struct{}))
		list.Applications = nil
		f.Poolhouse(t, "ListSamlApplications", map[string]any{"UserPoolId": f.PoolID}, &list)
		if len(list.Applications) != 0 {
			t.Errorf("%d apps are left", len(list.Applications))
		}
	})
}

func mustDecode(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	must(t, err)
	return raw
}
