package cognitoidp_test

import (
	"context"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

func TestReplicas(t *testing.T) {
	d := newDesk(t)
	ctx, p := t.Context(), d.pool(idp.CreateUserPoolInput{})
	create := func(region string) error {
		_, err := d.CreateUserPoolReplica(ctx, &idp.CreateUserPoolReplicaInput{UserPoolId: p.Id, RegionName: &region})
		return err
	}
	refused(t, create("us-east-1"), "InvalidParameterException", "was made in the region")
	refused(t, create("nowhere"), "InvalidParameterException", "Invalid region name")
	if err := create("eu-west-1"); err != nil {
		t.Fatal(err)
	}
	refused(t, create("eu-west-1"), "InvalidParameterException", "has a replica")
	list := func() string {
		var all []string
		for _, r := range ok[*idp.ListUserPoolReplicasOutput](t)(d.ListUserPoolReplicas(ctx, &idp.ListUserPoolReplicasInput{UserPoolId: p.Id})).UserPoolReplicas {
			all = append(all, *r.RegionName+" "+*r.Role+" "+*r.Status)
		}
		return strings.Join(all, ", ")
	}
	same(t, "regions", list(), "us-east-1 PRIMARY ACTIVE, eu-west-1 SECONDARY ACTIVE")
	ok[*idp.UpdateUserPoolOutput](t)(d.UpdateUserPool(ctx, &idp.UpdateUserPoolInput{UserPoolId: p.Id}))
	update := &idp.UpdateUserPoolReplicaInput{UserPoolId: p.Id, RegionName: ptr("eu-west-1"), Status: ptr("INACTIVE")}
	ok[*idp.UpdateUserPoolReplicaOutput](t)(d.UpdateUserPoolReplica(ctx, update))
	same(t, "regions", list(), "us-east-1 PRIMARY ACTIVE, eu-west-1 SECONDARY INACTIVE")
	gone := &idp.DeleteUserPoolReplicaInput{UserPoolId: p.Id, RegionName: ptr("eu-west-1")}
	same(t, "deleted", *ok[*idp.DeleteUserPoolReplicaOutput](t)(d.DeleteUserPoolReplica(ctx, gone)).UserPoolReplica.Status, "DELETING")
	_, err := d.DeleteUserPoolReplica(ctx, gone)
	refused(t, err, "ResourceNotFoundException", "has no replica")
}

func TestReplicaIsReadOnly(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	id := userpool.PoolID(*p.Id)
	ok[*userpool.Pool](t)(d.Pools.CreateReplica(t.Context(), id, "eu-west-1"))
	in := func(region string) context.Context {
		return awsapi.WithCall(t.Context(), &awsapi.Call{Region: region, Caller: &awsapi.Caller{}})
	}
	ask := func(region, op string, input any) error {
		_, err := idp.InRegion(d.API, in(region), op, input)
		return err
	}
	describe, tag := &idp.DescribeUserPoolInput{UserPoolId: p.Id}, &idp.TagResourceInput{ResourceArn: p.Arn}
	create := &idp.AdminCreateUserInput{UserPoolId: p.Id}
	for _, region := range []string{"us-east-1", "ap-south-1", ""} {
		if err := ask(region, "AdminCreateUser", create); err != nil {
			t.Error(region, err)
		}
	}
	if err := ask("eu-west-1", "DescribeUserPool", describe); err != nil {
		t.Error(err)
	}
	refused(t, ask("eu-west-1", "AdminCreateUser", create), "OperationNotEnabledException", "read-only. Use the region us-east-1.")
	refused(t, ask("eu-west-1", "TagResource", tag), "OperationNotEnabledException", "read-only")
	ok[*userpool.Pool](t)(d.Pools.SetReplica(t.Context(), id, "eu-west-1", false))
	refused(t, ask("eu-west-1", "DescribeUserPool", describe), "ResourceNotFoundException", "does not exist")
}
