package cognitoidp

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// optional returns nil for the zero value: a member that AWS leaves out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func or[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}

func stamp(t time.Time) *time.Time { return optional(t) }

// attributesIn turns AWS's list into a map. A name that is given twice counts
// once: the last wins.
func attributesIn(list []AttributeType) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		m[awsapi.Value(a.Name)] = awsapi.Value(a.Value)
	}
	return m
}

// attributesOut lists a user's attributes, sub first, then by name.
func attributesOut(u *userpool.User, wanted []string) []AttributeType {
	list := []AttributeType{}
	add := func(name, value string) {
		if wanted == nil || slices.Contains(wanted, name) {
			list = append(list, AttributeType{Name: &name, Value: &value})
		}
	}
	add("sub", u.Sub)
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		add(name, u.Attributes[name])
	}
	return list
}

// userOut is a user as lists and AdminCreateUser show one.
func userOut(u *userpool.User, wanted []string) UserType {
	return UserType{
		Username: &u.Username, Attributes: attributesOut(u, wanted), Enabled: &u.Enabled, UserStatus: awsapi.Ptr(string(u.Status)),
		UserCreateDate: stamp(u.Created), UserLastModifiedDate: stamp(u.Modified),
	}
}

func usersOut(users []*userpool.User, wanted []string) []UserType {
	list := make([]UserType, len(users))
	for i, u := range users {
		list[i] = userOut(u, wanted)
	}
	return list
}

func deliveryOut(d *userpool.Delivery) *CodeDeliveryDetailsType {
	if d == nil {
		return nil
	}
	return &CodeDeliveryDetailsType{AttributeName: &d.Attribute, DeliveryMedium: &d.Medium, Destination: &d.Destination}
}

func groupOut(g *userpool.Group) GroupType {
	out := GroupType{
		GroupName: &g.Name, UserPoolId: awsapi.Ptr(string(g.Pool)), Description: optional(g.Description),
		RoleArn: optional(g.RoleARN), CreationDate: stamp(g.Created), LastModifiedDate: stamp(g.Modified),
	}
	if g.Precedence != nil {
		out.Precedence = awsapi.Ptr(int32(*g.Precedence))
	}
	return out
}

func groupsOut(groups []*userpool.Group) []GroupType {
	list := make([]GroupType, len(groups))
	for i, g := range groups {
		list[i] = groupOut(g)
	}
	return list
}

func precedenceIn(p *int32) *int {
	if p == nil {
		return nil
	}
	return awsapi.Ptr(int(*p))
}

// settings collects members that are stored and reported, but not acted on.
type settings map[string]json.RawMessage

// keep stores a member that was given.
func keep[T any](s settings, name string, v *T) error {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	s[name] = raw
	return err
}

// kept returns a member that was stored, or nil.
func kept[T any](s settings, name string) *T {
	raw, ok := s[name]
	if !ok {
		return nil
	}
	v := new(T)
	if json.Unmarshal(raw, v) != nil {
		return nil
	}
	return v
}

func pool(id *string) userpool.PoolID { return userpool.PoolID(*id) }
