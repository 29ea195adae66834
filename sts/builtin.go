package sts

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"
)

// awsAccount owns the policies that every account can use; awsDigits stands for it
// where the form of an ARN is judged.
const (
	awsAccount = "aws"
	awsDigits  = "000000000000"
)

// builtin are AWS's policies, by ARN.
var builtin = builtins(map[string]string{
	"/AdministratorAccess":                          `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"/AmazonCognitoUnAuthedIdentitiesSessionPolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"rum:PutRumEvents","Resource":"*"}]}`,
	"/IAMFullAccess":                                `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`,
	"/AmazonCognitoPowerUser": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cognito-identity:*","cognito-idp:*",` +
		`"cognito-sync:*","iam:ListRoles","iam:ListOpenIdConnectProviders","iam:GetRole","iam:ListSAMLProviders","iam:GetSAMLProvider"],"Resource":"*"}]}`,
	"/AmazonCognitoReadOnly": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cognito-identity:Describe*",` +
		`"cognito-identity:Get*","cognito-identity:List*","cognito-idp:Describe*","cognito-idp:AdminGet*","cognito-idp:AdminList*","cognito-idp:List*",` +
		`"cognito-idp:Get*","cognito-sync:Describe*","cognito-sync:Get*","cognito-sync:List*","iam:ListOpenIdConnectProviders","iam:ListRoles"],"Resource":"*"}]}`,
	linkedPath + "AmazonCognitoIdpServiceRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cognito-idp:Describe*",` +
		`"cognito-idp:Get*"],"Resource":"*"}]}`,
	linkedPath + "AmazonCognitoIdpEmailServiceRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ses:SendEmail",` +
		`"ses:SendRawEmail"],"Resource":"*"},{"Effect":"Deny","Action":["ses:List*"],"Resource":"*"}]}`,
})

// builtinSince is when they say that they were made.
var builtinSince = time.Date(2015, 2, 6, 0, 0, 0, 0, time.UTC)

// builtins makes policies of documents by path and name.
func builtins(docs map[string]string) map[string]*ManagedPolicy {
	out := make(map[string]*ManagedPolicy, len(docs))
	for full, doc := range docs {
		i := strings.LastIndexByte(full, '/') + 1
		sum := sha256.Sum256([]byte(full))
		p := &ManagedPolicy{Account: awsAccount, Path: full[:i], Name: full[i:], Default: "v1", LastVersion: 1,
			ID:      "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17],
			Created: builtinSince, Updated: builtinSince}
		p.Versions = []PolicyVersion{{ID: "v1", Document: doc, Created: builtinSince}}
		out[p.ARN()] = p
	}
	return out
}

// ofService reports whether the policy is for a service's own role only.
func (p *ManagedPolicy) ofService() bool {
	return p.Account == awsAccount && strings.HasPrefix(p.Path, linkedPath)
}

func (p *ManagedPolicy) clone() *ManagedPolicy {
	c := *p
	c.Versions = slices.Clone(p.Versions)
	return &c
}
