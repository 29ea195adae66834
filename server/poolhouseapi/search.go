package poolhouseapi

import (
	"context"
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// SearchUsers finds users by a part of their names, addresses and custom attributes.
func (a *API) SearchUsers(ctx context.Context, in *SearchUsersInput) (*SearchUsersOutput, error) {
	q := userpool.UserSearch{Text: *in.Text, Status: userpool.Status(awsapi.Value(in.UserStatus)), Enabled: in.Enabled}
	users, next, complete, err := a.Pools.SearchUsers(ctx, userpool.PoolID(*in.UserPoolId), q, awsapi.Value(in.NextToken), pageSize(in.MaxResults))
	if err != nil {
		return nil, err
	}
	out := &SearchUsersOutput{Users: make([]FoundUserType, 0, len(users)), Complete: &complete}
	if next != "" {
		out.NextToken = &next
	}
	for _, u := range users {
		out.Users = append(out.Users, foundUser(u))
	}
	return out, nil
}

func foundUser(u *userpool.User) FoundUserType {
	out := FoundUserType{Username: &u.Username, UserStatus: awsapi.Ptr(string(u.Status)), Enabled: &u.Enabled, UserCreateDate: &u.Created,
		UserLastModifiedDate: &u.Modified, Attributes: []FoundAttributeType{{Name: awsapi.Ptr("sub"), Value: &u.Sub}}}
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		out.Attributes = append(out.Attributes, FoundAttributeType{Name: &name, Value: awsapi.Ptr(u.Attributes[name])})
	}
	return out
}
