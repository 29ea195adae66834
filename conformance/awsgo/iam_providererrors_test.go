package awsgo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func (w *iamWorld) oidcErrors(t *testing.T) {
	ctx, api, issuer, more := t.Context(), w.api, aws.String("https://target.example"), []types.Tag{tag("one", "more")}
	clients := make([]string, 100)
	for i := range clients {
		clients[i] = fmt.Sprint("client", i)
	}
	prints := []string{thumbprint}
	made, err := api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: issuer, ClientIDList: clients, ThumbprintList: prints, Tags: many})
	must(t, err)
	arn := made.OpenIDConnectProviderArn
	refusals(t, []refusal{
		{"EntityAlreadyExists", "Provider with url https://target.example already exists.", failed(api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: issuer, ThumbprintList: prints}))},
		{"InvalidInput", "Invalid Open ID Connect Provider URL", failed(api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("http://plain.example"), ThumbprintList: prints}))},
		{"InvalidInput", "Thumbprint list must contain fewer than 5 entries.", failed(api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://b.example"), ThumbprintList: strings.Fields(strings.Repeat(thumbprint+" ", 6))}))},
		{"InvalidInput", twiceTagged, failed(api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://b.example"), ThumbprintList: prints, Tags: twice}))},
		{"LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", failed(api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://b.example"), ThumbprintList: prints, ClientIDList: append(clients, "c")}))},
		{"OpenIdIdpCommunicationError", "", failed(api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://127.0.0.1:1/issuer")}))},
		{"LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", failed(api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("c")}))},
		{"NoSuchEntity", noOIDCs, failed(api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: noOIDC, ClientID: aws.String("c")}))},
		{"InvalidInput", badARN, failed(api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: broken, ClientID: aws.String("c")}))},
		{"NoSuchEntity", noOIDCs, failed(api.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: noOIDC, ClientID: aws.String("c")}))},
		{"InvalidInput", badARN, failed(api.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: broken, ClientID: aws.String("c")}))},
		{"NoSuchEntity", noOIDCs, failed(api.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: noOIDC, ThumbprintList: prints}))},
		{"InvalidInput", "Thumbprint must be 40 hexadecimal digits.", failed(api.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{strings.Repeat("x", 40)}}))},
		{"NoSuchEntity", noOIDCs, failed(api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: noOIDC}))},
		{"InvalidInput", badARN, failed(api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: broken}))},
		{"NoSuchEntity", noOIDCs, failed(api.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: noOIDC, Tags: more}))},
		{"InvalidInput", twiceTagged, failed(api.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: twice}))},
		{"LimitExceeded", manyTags, failed(api.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: more}))},
		{"NoSuchEntity", noOIDCs, failed(api.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: noOIDC, TagKeys: []string{"a"}}))},
		{"InvalidInput", badARN, failed(api.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: broken, TagKeys: []string{"a"}}))},
		{"NoSuchEntity", noOIDCs, failed(api.ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: noOIDC}))},
		{"InvalidInput", badARN, failed(api.ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: broken}))},
		{"InvalidInput", badARN, failed(api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: broken}))},
	})
}

func (w *iamWorld) samlErrors(t *testing.T) {
	ctx, api, metadata, more := t.Context(), w.api, w.metadata(t), []types.Tag{tag("one", "more")}
	made, err := api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: target, SAMLMetadataDocument: metadata, Tags: many, AddPrivateKey: privateKey(t)})
	must(t, err)
	arn := made.SAMLProviderArn
	_, err = api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, AddPrivateKey: privateKey(t)})
	must(t, err)
	junk := aws.String("<EntityDescriptor>" + strings.Repeat(" ", 1000) + "</EntityDescriptor>")
	noKey := aws.String(strings.Repeat("K", 32))
	refusals(t, []refusal{
		{"EntityAlreadyExists", "SAMLProvider with name Target already exists.", failed(api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("Target"), SAMLMetadataDocument: metadata}))},
		{"InvalidInput", "Could not parse metadata", failed(api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: ghost, SAMLMetadataDocument: junk}))},
		{"InvalidInput", twiceTagged, failed(api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: ghost, SAMLMetadataDocument: metadata, Tags: twice}))},
		{"InvalidInput", "", failed(api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: ghost, SAMLMetadataDocument: metadata, AddPrivateKey: aws.String("no key")}))},
		{"InvalidInput", "AssertionEncryptionMode Required needs a private key.", failed(api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: ghost, SAMLMetadataDocument: metadata, AssertionEncryptionMode: types.AssertionEncryptionModeTypeRequired}))},
		{"NoSuchEntity", noSAMLs, failed(api.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: noSAML}))},
		{"InvalidInput", badARN, failed(api.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: broken}))},
		{"NoSuchEntity", noSAMLs, failed(api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: noSAML, SAMLMetadataDocument: metadata}))},
		{"NoSuchEntity", "The private key with id " + *noKey + " cannot be found.", failed(api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, RemovePrivateKey: noKey}))},
		{"InvalidInput", "Could not parse metadata", failed(api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, SAMLMetadataDocument: junk}))},
		{"LimitExceeded", "Cannot exceed quota for PrivateKeysPerSAMLProvider: 2", failed(api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, AddPrivateKey: privateKey(t)}))},
		{"NoSuchEntity", noSAMLs, failed(api.TagSAMLProvider(ctx, &iam.TagSAMLProviderInput{SAMLProviderArn: noSAML, Tags: more}))},
		{"InvalidInput", twiceTagged, failed(api.TagSAMLProvider(ctx, &iam.TagSAMLProviderInput{SAMLProviderArn: arn, Tags: twice}))},
		{"LimitExceeded", manyTags, failed(api.TagSAMLProvider(ctx, &iam.TagSAMLProviderInput{SAMLProviderArn: arn, Tags: more}))},
		{"NoSuchEntity", noSAMLs, failed(api.UntagSAMLProvider(ctx, &iam.UntagSAMLProviderInput{SAMLProviderArn: noSAML, TagKeys: []string{"a"}}))},
		{"InvalidInput", badARN, failed(api.UntagSAMLProvider(ctx, &iam.UntagSAMLProviderInput{SAMLProviderArn: broken, TagKeys: []string{"a"}}))},
		{"NoSuchEntity", noSAMLs, failed(api.ListSAMLProviderTags(ctx, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: noSAML}))},
		{"InvalidInput", badARN, failed(api.ListSAMLProviderTags(ctx, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: broken}))},
		{"NoSuchEntity", noSAMLs, failed(api.DeleteSAMLProvider(ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: noSAML}))},
		{"InvalidInput", badARN, failed(api.DeleteSAMLProvider(ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: broken}))},
	})
	after, err := api.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: arn})
	must(t, err)
	same(t, "keys after what was refused", len(after.PrivateKeyList), 2)
}

// conditions are the keys by which administrators share out their power.
func (w *iamWorld) conditions(t *testing.T) {
	ctx := t.Context()
	k := w.withKey(t, "deputy")
	const statements = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"` + awsPolicy + `AmazonCognitoReadOnly"}}},
		{"Effect":"Allow","Action":"iam:CreateRole","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"` + awsPolicy + `AmazonCognitoReadOnly"}}},
		{"Effect":"Allow","Action":"iam:TagUser","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team","note"]}}},
		{"Effect":"Allow","Action":"iam:UpdateUser","Resource":["arn:aws:iam::*:user/low/*"]},
		{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":"email.cognito-idp.amazonaws.com"}}},
		{"Effect":"Allow","Action":["iam:GetAccessKeyLastUsed"],"Resource":"arn:aws:iam::*:user/deputy"}]}`
	_, err := w.api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("deputy"), PolicyName: aws.String("p"), PolicyDocument: aws.String(statements)})
	must(t, err)
	for name, team := range map[string]string{"blue": "blue", "red": "red"} {
		_, err = w.api.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(name), Path: aws.String("/low/"), Tags: []types.Tag{tag("team", team)}})
		must(t, err)
	}
	_, err = w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("plain"), AssumeRolePolicyDocument: aws.String(anyTrust)})
	must(t, err)
	theirs, err := w.api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("blue")})
	must(t, err)
	api := w.As(*k.AccessKeyId, *k.SecretAccessKey, "").IAM
	attach := func(policy string) error {
		return failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("plain"), PolicyArn: aws.String(awsPolicy + policy)}))
	}
	create := func(name string, boundary *string) error {
		return failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(anyTrust), PermissionsBoundary: boundary}))
	}
	label := func(user, key string) error {
		return failed(api.TagUser(ctx, &iam.TagUserInput{UserName: &user, Tags: []types.Tag{tag(key, "x")}}))
	}
	move := func(user, path string) error {
		return failed(api.UpdateUser(ctx, &iam.UpdateUserInput{UserName: &user, NewPath: &path}))
	}
	serve := func(service string) error {
		return failed(api.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String(service + "cognito-idp.amazonaws.com")}))
	}
	used := func(key *string) error {
		return failed(api.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: key}))
	}
	for what, err := range map[string]error{"that policy": attach("AmazonCognitoReadOnly"), "that boundary": create("fenced", aws.String(awsPolicy+"AmazonCognitoReadOnly")),
		"that team": label("blue", "note"), "within the path": move("blue", "/low/er/"), "that service": serve("email."), "the own key": used(k.AccessKeyId)} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{"another policy": attach("AdministratorAccess"), "no boundary": create("free", nil),
		"another boundary": create("free", aws.String(awsPolicy+"AdministratorAccess")), "another team": label("red", "note"), "another tag": label("blue", "role"),
		"out of the path": move("red", "/"), "another service": serve(""), "another's key": used(theirs.AccessKey.AccessKeyId)} {
		if harness.Code(err) != "AccessDenied" {
			t.Errorf("%s: %v, want AccessDenied", what, err)
		}
	}
}
