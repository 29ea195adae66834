package cognitoidp

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// replicaOps are the operations on replicas.
func (a *API) replicaOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreateUserPoolReplica", awsapi.SigV4, a.CreateUserPoolReplica),
		awsapi.Func("DeleteUserPoolReplica", awsapi.SigV4, a.DeleteUserPoolReplica),
		awsapi.Func("ListUserPoolReplicas", awsapi.SigV4, a.ListUserPoolReplicas),
		awsapi.Func("UpdateUserPoolReplica", awsapi.SigV4, a.UpdateUserPoolReplica),
	}
}

// reading are the first words of operations that only read.
var reading = []string{"Get", "List", "Describe", "AdminGet", "AdminList"}

// reads reports whether a replica serves the operation: those that only read, and
// sign-in.
func reads(op string) bool {
	for _, prefix := range reading {
		if strings.HasPrefix(op, prefix) {
			return true
		}
	}
	return op == "AdminInitiateAuth" || op == "AdminRespondToAuthChallenge"
}

// inRegion refuses what a replica does not serve. Requests without a signature
// name no region, and are the primary's.
func (a *API) inRegion(ctx context.Context, op string, in any) (context.Context, error) {
	call := awsapi.FromContext(ctx)
	if call.Caller == nil {
		return ctx, nil
	}
	id := userpool.PoolID(member(in, "UserPoolId"))
	if arn := member(in, "ResourceArn"); arn != "" {
		id, _ = a.Pools.PoolOfARN(arn) // the operation reports a bad one
	}
	if id == "" {
		return ctx, nil
	}
	return ctx, a.Pools.InRegion(ctx, id, call.Region, !reads(op))
}

func (a *API) replicaOut(p *userpool.Pool, region, role, status string) *UserPoolReplicaType {
	return &UserPoolReplicaType{RegionName: &region, Role: &role, Status: &status, UserPoolArn: awsapi.Ptr(a.Pools.ReplicaARN(p, region))}
}

func (a *API) secondary(p *userpool.Pool, r *userpool.Replica) *UserPoolReplicaType {
	status := "INACTIVE"
	if r.Active {
		status = "ACTIVE"
	}
	return a.replicaOut(p, r.Region, "SECONDARY", status)
}

// CreateUserPoolReplica lets a pool be read under another region's name.
func (a *API) CreateUserPoolReplica(ctx context.Context, in *CreateUserPoolReplicaInput) (*CreateUserPoolReplicaOutput, error) {
	if len(in.UserPoolTags) > 0 {
		return nil, unsupported("UserPoolTags of a replica")
	}
	p, err := a.Pools.CreateReplica(ctx, pool(in.UserPoolId), *in.RegionName)
	if err != nil {
		return nil, err
	}
	return &CreateUserPoolReplicaOutput{UserPoolReplica: a.secondary(p, p.Replica(*in.RegionName))}, nil
}

// UpdateUserPoolReplica turns a replica on or off.
func (a *API) UpdateUserPoolReplica(ctx context.Context, in *UpdateUserPoolReplicaInput) (*UpdateUserPoolReplicaOutput, error) {
	p, err := a.Pools.SetReplica(ctx, pool(in.UserPoolId), *in.RegionName, *in.Status == "ACTIVE")
	if err != nil {
		return nil, err
	}
	return &UpdateUserPoolReplicaOutput{UserPoolReplica: a.secondary(p, p.Replica(*in.RegionName))}, nil
}

// DeleteUserPoolReplica deletes a replica.
func (a *API) DeleteUserPoolReplica(ctx context.Context, in *DeleteUserPoolReplicaInput) (*DeleteUserPoolReplicaOutput, error) {
	p, err := a.Pools.DeleteReplica(ctx, pool(in.UserPoolId), *in.RegionName)
	if err != nil {
		return nil, err
	}
	return &DeleteUserPoolReplicaOutput{UserPoolReplica: a.replicaOut(p, *in.RegionName, "SECONDARY", "DELETING")}, nil
}

// ListUserPoolReplicas lists the regions of a pool, its own first. They are few
// enough for one page.
func (a *API) ListUserPoolReplicas(ctx context.Context, in *ListUserPoolReplicasInput) (*ListUserPoolReplicasOutput, error) {
	if in.NextToken != nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Invalid pagination token given.")
	}
	p, err := a.Pools.Pool(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	out := &ListUserPoolReplicasOutput{UserPoolReplicas: []UserPoolReplicaType{*a.replicaOut(p, p.Region(), "PRIMARY", "ACTIVE")}}
	for i := range p.Replicas {
		out.UserPoolReplicas = append(out.UserPoolReplicas, *a.secondary(p, &p.Replicas[i]))
	}
	return out, nil
}
