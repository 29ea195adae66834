package apply

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// find is call for something that hangs on a pool. In a pool that is yet to be
// made nothing is found.
func (a *Applier) find(ctx context.Context, pool, target string, in, out any) error {
	if pool == "" {
		return &awsclient.APIError{Code: "ResourceNotFoundException"}
	}
	return a.call(ctx, target, in, out)
}

// attribute is a user's attribute on the wire.
type attribute struct{ Name, Value string }

func attributes(m map[string]string) []attribute {
	list := []attribute{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, attribute{name, m[name]})
	}
	return list
}

func (a *Applier) applyUsers(ctx context.Context, p Pool) error {
	for _, u := range p.Users {
		in := obj{"UserPoolId": a.pools[p.Name], "Username": u.Username}
		var have struct{ UserAttributes []attribute }
		err := a.find(ctx, a.pools[p.Name], idp("AdminGetUser"), in, &have)
		switch {
		case isMissing(err):
			err = a.change(func() error { return a.createUser(ctx, p, u) }, "+ user %s of pool %s", u.Username, p.Name)
		case err == nil:
			err = a.updateUser(ctx, p, u, have.UserAttributes)
		}
		if err != nil {
			return err
		}
		if err := a.applyMemberships(ctx, p, u); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) createUser(ctx context.Context, p Pool, u User) error {
	in := obj{"UserPoolId": a.pools[p.Name], "Username": u.Username, "UserAttributes": attributes(u.Attributes)}
	if u.PasswordFile == "" {
		return a.call(ctx, idp("AdminCreateUser"), with(in, obj{"DesiredDeliveryMediums": []string{"EMAIL"}}), new(obj))
	}
	password, err := a.file.text(u.PasswordFile)
	if err != nil {
		return err
	}
	if err := a.call(ctx, idp("AdminCreateUser"), with(in, obj{"MessageAction": "SUPPRESS"}), new(obj)); err != nil {
		return err
	}
	return a.call(ctx, idp("AdminSetUserPassword"), obj{"UserPoolId": a.pools[p.Name], "Username": u.Username,
		"Password": strings.TrimRight(password, "\r\n"), "Permanent": true}, new(obj))
}

func (a *Applier) updateUser(ctx context.Context, p Pool, u User, have []attribute) error {
	changed := map[string]string{}
	for name, value := range u.Attributes {
		if !slices.Contains(have, attribute{name, value}) {
			changed[name] = value
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return a.change(func() error {
		return a.call(ctx, idp("AdminUpdateUserAttributes"), obj{"UserPoolId": a.pools[p.Name], "Username": u.Username,
			"UserAttributes": attributes(changed)}, new(obj))
	}, "~ user %s of pool %s: %s", u.Username, p.Name, strings.Join(slices.Sorted(maps.Keys(changed)), ", "))
}

func (a *Applier) applyMemberships(ctx context.Context, p Pool, u User) error {
	if len(u.Groups) == 0 {
		return nil
	}
	var have struct{ Groups []struct{ GroupName string } }
	err := a.find(ctx, a.pools[p.Name], idp("AdminListGroupsForUser"), obj{"UserPoolId": a.pools[p.Name], "Username": u.Username}, &have)
	if err != nil && !isMissing(err) {
		return err
	}
	for _, group := range u.Groups {
		if slices.ContainsFunc(have.Groups, func(g struct{ GroupName string }) bool { return g.GroupName == group }) {
			continue
		}
		err := a.change(func() error {
			return a.call(ctx, idp("AdminAddUserToGroup"), obj{"UserPoolId": a.pools[p.Name], "Username": u.Username, "GroupName": group}, new(obj))
		}, "+ user %s of pool %s in group %s", u.Username, p.Name, group)
		if err != nil {
			return err
		}
	}
	return nil
}
