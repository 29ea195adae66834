package awsapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

func op(name string, auth awsapi.Auth) awsapi.Op {
	return awsapi.Func(name, auth, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
}

func TestCheckOps(t *testing.T) {
	for _, tt := range []struct {
		op   awsapi.Op
		want string
	}{
		{op("AdminGetUser", awsapi.SigV4), ""},
		{op("GetUser", awsapi.AccessToken), ""},
		{op("InitiateAuth", awsapi.Public), ""},
		{op("AssociateSoftwareToken", awsapi.AccessToken), ""}, // a token or a session
		{op("AssociateSoftwareToken", awsapi.Public), ""},
		{op("AdminGetUser", awsapi.Public), "differs from the model"},
		{op("InitiateAuth", awsapi.SigV4), "differs from the model"},
		{op("GetUser", awsapi.Public), "requires an access token"},
		{op("InitiateAuth", awsapi.AccessToken), "has no access token"},
		{op("Nope", awsapi.SigV4), "no operation"},
	} {
		got := fmt.Sprint(awsapi.CheckOps(awsapi.Service{Name: "cognito-idp", Ops: []awsapi.Op{tt.op}}))
		if ok := got == "<nil>"; ok != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", tt.op.Name, got)
		}
	}
	twice := awsapi.Service{Name: "sts", Ops: []awsapi.Op{op("AssumeRole", awsapi.SigV4), op("AssumeRole", awsapi.SigV4)}}
	if awsapi.CheckOps(twice) == nil || awsapi.CheckOps(awsapi.Service{Name: "nope"}) == nil {
		t.Error("a mistake was accepted")
	}
}

func TestCheckErrors(t *testing.T) {
	a := errors.New("a")
	b := fmt.Errorf("b: %w", a)
	for _, tt := range []struct {
		name, service string
		table         awsapi.ErrorTable
		want          string
	}{
		{"declared", "cognito-sync", awsapi.ErrorTable{{Is: a, Status: 404, Code: "ResourceNotFoundException"}}, ""},
		{"common", "sts", awsapi.ErrorTable{{Is: a, Status: 403, Code: "AccessDenied"}}, ""},
		{"query code", "iam", awsapi.ErrorTable{{Is: a, Status: 404, Code: "NoSuchEntity"}}, ""},
		{"status", "cognito-sync", awsapi.ErrorTable{{Is: a, Status: 400, Code: "ResourceNotFoundException"}}, "declares no ResourceNotFoundException with status 400"},
		{"unknown", "cognito-idp", awsapi.ErrorTable{{Is: a, Status: 400, Code: "Nope"}}, "declares no Nope"},
		{"hidden", "cognito-idp", awsapi.ErrorTable{{Is: a, Status: 400, Code: "UserNotFoundException"}, {Is: b, Status: 400, Code: "UserNotFoundException"}}, "hidden"},
		{"nil", "cognito-idp", awsapi.ErrorTable{{Status: 400, Code: "UserNotFoundException"}}, "matches no error"},
		{"no model", "nope", nil, "no model"},
	} {
		got := fmt.Sprint(awsapi.CheckErrors(awsapi.Service{Name: tt.service, Errors: tt.table}))
		if ok := got == "<nil>"; ok != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// modelled counts the operations of all models.
func modelled() (n int) {
	for _, m := range models.All() {
		n += len(m.Operations)
	}
	return n
}

func TestWriteSupport(t *testing.T) {
	var b strings.Builder
	err := awsapi.WriteSupport(&b, []awsapi.Service{{Name: "sts", Ops: []awsapi.Op{op("GetCallerIdentity", awsapi.SigV4)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| AWS Security Token Service | query/XML | 1 | 11 |", "| GetCallerIdentity | written |",
		"| AssumeRole | not yet |", fmt.Sprintf("| all | | 1 | %d |", modelled()), "## Poolhouse (`poolhouse`)",
	} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("%q is missing", want)
		}
	}
}
