package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// CreateServiceLinkedRole serves the operation of that name.
func (a *API) CreateServiceLinkedRole(ctx context.Context, in *CreateServiceLinkedRoleInput) (*CreateServiceLinkedRoleOutput, error) {
	r, err := a.STS.CreateLinkedRole(ctx, *in.AWSServiceName, awsapi.Value(in.CustomSuffix), awsapi.Value(in.Description))
	if err != nil {
		return nil, err
	}
	out, err := a.roleOut(ctx, r)
	return &CreateServiceLinkedRoleOutput{Role: out}, err
}

// DeleteServiceLinkedRole serves the operation of that name.
func (a *API) DeleteServiceLinkedRole(ctx context.Context, in *DeleteServiceLinkedRoleInput) (*DeleteServiceLinkedRoleOutput, error) {
	task, err := a.STS.DeleteLinkedRole(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	return &DeleteServiceLinkedRoleOutput{DeletionTaskId: &task}, nil
}

// GetServiceLinkedRoleDeletionStatus serves the operation of that name.
func (a *API) GetServiceLinkedRoleDeletionStatus(ctx context.Context, in *GetServiceLinkedRoleDeletionStatusInput) (*GetServiceLinkedRoleDeletionStatusOutput, error) {
	status, err := a.STS.LinkedRoleDeletion(ctx, *in.DeletionTaskId)
	if err != nil {
		return nil, err
	}
	return &GetServiceLinkedRoleDeletionStatusOutput{Status: awsapi.Ptr(string(status))}, nil
}
