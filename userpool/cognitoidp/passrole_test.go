package cognitoidp_test

import (
	"context"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

const adminRole = "arn:aws:iam::000000000000:role/admin"

// A passer lets everybody do everything but pass one role.
type passer struct{}

func (passer) Authorize(_ context.Context, _ *awsapi.Caller, action, resource string, _ map[string][]string) error {
	if action == "iam:PassRole" && resource == adminRole {
		return &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "not authorized to perform: " + action}
	}
	return nil
}

// The members of a group get its role from identity pools: whoever could give a group
// any role would be an administrator of the account.
func TestGroupRoleMustBePassable(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	_, err := d.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: ptr("g"), RoleArn: ptr(adminRole)})
	refused(t, err, "AccessDenied", "iam:PassRole")
	ok[*idp.CreateGroupOutput](t)(d.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: ptr("g")}))
	_, err = d.UpdateGroup(t.Context(), &idp.UpdateGroupInput{UserPoolId: p.Id, GroupName: ptr("g"), RoleArn: ptr(adminRole)})
	refused(t, err, "AccessDenied", "iam:PassRole")
}
