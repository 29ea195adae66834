package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// schemaOps are the operations on custom attributes.
func (a *API) schemaOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("RemoveCustomAttribute", awsapi.SigV4, a.RemoveCustomAttribute),
		awsapi.Func("RenameCustomAttribute", awsapi.SigV4, a.RenameCustomAttribute),
		awsapi.Func("UpdateCustomAttribute", awsapi.SigV4, a.UpdateCustomAttribute),
	}
}

// An effectOut is the answer of each of them.
type effectOut struct {
	Applied          *bool
	Attribute        *CustomAttributeType
	UsersWithValue   *int32
	UsersInViolation *int32
	Mentions         []AttributeMentionType
}

// RenameCustomAttribute gives a custom attribute another name.
func (a *API) RenameCustomAttribute(ctx context.Context, in *RenameCustomAttributeInput) (*RenameCustomAttributeOutput, error) {
	dry := awsapi.Value(in.DryRun)
	effect, err := a.Pools.RenameCustomAttribute(ctx, userpool.PoolID(*in.UserPoolId), *in.AttributeName, *in.NewName, dry)
	if err != nil {
		return nil, err
	}
	out := RenameCustomAttributeOutput(schemaEffect(effect, dry, dry))
	return &out, nil
}

// RemoveCustomAttribute takes a custom attribute away from a pool and its users.
func (a *API) RemoveCustomAttribute(ctx context.Context, in *RemoveCustomAttributeInput) (*RemoveCustomAttributeOutput, error) {
	dry := awsapi.Value(in.DryRun)
	effect, err := a.Pools.RemoveCustomAttribute(ctx, userpool.PoolID(*in.UserPoolId), *in.AttributeName, dry)
	if err != nil {
		return nil, err
	}
	out := RemoveCustomAttributeOutput(schemaEffect(effect, dry, dry))
	return &out, nil
}

// UpdateCustomAttribute changes the constraints of a custom attribute.
func (a *API) UpdateCustomAttribute(ctx context.Context, in *UpdateCustomAttributeInput) (*UpdateCustomAttributeOutput, error) {
	dry := awsapi.Value(in.DryRun)
	change := userpool.AttributeChange{Mutable: in.Mutable, Min: in.Minimum, Max: in.Maximum, NewWritesOnly: awsapi.Value(in.NewWritesOnly)}
	effect, err := a.Pools.UpdateCustomAttribute(ctx, userpool.PoolID(*in.UserPoolId), *in.AttributeName, change, dry)
	if err != nil {
		return nil, err
	}
	out := UpdateCustomAttributeOutput(schemaEffect(effect, dry, dry || !change.NewWritesOnly))
	return &out, nil
}

// schemaEffect tells of an effect; of users, where they were counted.
func schemaEffect(e *userpool.SchemaEffect, dry, counted bool) effectOut {
	at := &e.Attribute
	out := effectOut{Applied: awsapi.Ptr(!dry), Mentions: make([]AttributeMentionType, 0, len(e.Mentions)),
		Attribute: &CustomAttributeType{Name: &at.Name, AttributeDataType: &at.Type, Mutable: &at.Mutable, DeveloperOnlyAttribute: &at.Developer}}
	if at.Min != "" {
		out.Attribute.Minimum = &at.Min
	}
	if at.Max != "" {
		out.Attribute.Maximum = &at.Max
	}
	for _, m := range e.Mentions {
		out.Mentions = append(out.Mentions, AttributeMentionType{Place: &m.Place, Id: &m.ID, Alone: &m.Alone})
	}
	if counted {
		out.UsersWithValue, out.UsersInViolation = awsapi.Ptr(int32(e.Users)), awsapi.Ptr(int32(e.Violations))
	}
	return out
}
