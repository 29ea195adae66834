package apply

import (
	"context"
	"fmt"
	"strings"
)

func (a *Applier) applyIdentityPools(ctx context.Context) error {
	if len(a.file.IdentityPools) == 0 {
		return nil
	}
	var out struct {
		IdentityPools []struct{ IdentityPoolId, IdentityPoolName string }
	}
	if err := a.call(ctx, identity("ListIdentityPools"), obj{"MaxResults": pageSize}, &out); err != nil {
		return err
	}
	ids := map[string]string{}
	for _, p := range out.IdentityPools {
		ids[p.IdentityPoolName] = p.IdentityPoolId
	}
	for _, p := range a.file.IdentityPools {
		if err := a.applyIdentityPool(ctx, p, ids); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applyIdentityPool(ctx context.Context, p IdentityPool, ids map[string]string) error {
	want := func() (obj, error) {
		logins, err := a.logins(p)
		return obj{"IdentityPoolName": p.Name, "AllowUnauthenticatedIdentities": p.AllowGuests,
			"AllowClassicFlow": p.AllowClassic, "CognitoIdentityProviders": logins}, err
	}
	id, ok := ids[p.Name]
	if !ok {
		err := a.change(func() error {
			in, err := want()
			if err != nil {
				return err
			}
			var out struct{ IdentityPoolId string }
			err = a.call(ctx, identity("CreateIdentityPool"), in, &out)
			id = out.IdentityPoolId
			return err
		}, "+ identity pool %s", p.Name)
		if err != nil {
			return err
		}
		return a.applyIdentityRoles(ctx, p, id)
	}
	in, err := want()
	if err != nil {
		return err
	}
	var have map[string]any
	if err := a.call(ctx, identity("DescribeIdentityPool"), obj{"IdentityPoolId": id}, &have); err != nil {
		return err
	}
	if names := differing(in, have); len(names) > 0 {
		err := a.change(func() error {
			return a.call(ctx, identity("UpdateIdentityPool"), with(in, obj{"IdentityPoolId": id}), new(obj))
		}, "~ identity pool %s: %s", p.Name, strings.Join(names, ", "))
		if err != nil {
			return err
		}
	}
	return a.applyIdentityRoles(ctx, p, id)
}

// logins names the clients of pools as an identity pool knows them.
func (a *Applier) logins(p IdentityPool) ([]obj, error) {
	list := []obj{}
	for _, l := range p.Logins {
		pool, client := a.pools[l.Pool], a.clients[l.Pool][l.Client]
		if pool == "" || client == "" {
			return nil, fmt.Errorf("identity pool %s: there is no client %q of a pool %q in this file", p.Name, l.Client, l.Pool)
		}
		list = append(list, obj{"ProviderName": "cognito-idp." + a.Client.Region + ".amazonaws.com/" + pool, "ClientId": client})
	}
	return list, nil
}

func (a *Applier) applyIdentityRoles(ctx context.Context, p IdentityPool, id string) error {
	if len(p.Roles) == 0 {
		return nil
	}
	roles := func() obj {
		want := obj{}
		for kind, name := range p.Roles {
			want[kind] = a.roles[name]
			if want[kind] == "" {
				want[kind] = "arn:aws:iam::" + a.account + ":role/" + name
			}
		}
		return want
	}
	var have struct{ Roles map[string]any }
	if id != "" {
		if err := a.call(ctx, identity("GetIdentityPoolRoles"), obj{"IdentityPoolId": id}, &have); err != nil {
			return err
		}
	}
	if id != "" && len(differing(roles(), have.Roles)) == 0 {
		return nil
	}
	return a.change(func() error {
		return a.call(ctx, identity("SetIdentityPoolRoles"), obj{"IdentityPoolId": id, "Roles": roles()}, new(obj))
	}, "~ identity pool %s: roles", p.Name)
}
