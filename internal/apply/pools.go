package apply

import (
	"context"
	"fmt"
	"strings"
)

// pageSize is what the list operations are asked for.
const pageSize = 60

func (a *Applier) applyPools(ctx context.Context) error {
	if len(a.file.Pools) == 0 && len(a.file.IdentityPools) == 0 && len(a.file.SAMLProviders) == 0 {
		return nil
	}
	if err := a.findPools(ctx); err != nil {
		return err
	}
	for _, p := range a.file.Pools {
		if err := a.applyPool(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) findPools(ctx context.Context) error {
	in := obj{"MaxResults": pageSize}
	for {
		var out struct {
			UserPools []struct{ Id, Name string }
			NextToken string
		}
		if err := a.call(ctx, idp("ListUserPools"), in, &out); err != nil {
			return err
		}
		for _, p := range out.UserPools {
			if other, ok := a.pools[p.Name]; ok {
				return fmt.Errorf("pools %s and %s are both called %q; apply finds pools by name", other, p.Id, p.Name)
			}
			a.pools[p.Name] = p.Id
		}
		if out.NextToken == "" {
			return nil
		}
		in["NextToken"] = out.NextToken
	}
}

func (a *Applier) applyPool(ctx context.Context, p Pool) error {
	var have struct{ UserPool map[string]any }
	if id, ok := a.pools[p.Name]; ok {
		if err := a.call(ctx, idp("DescribeUserPool"), obj{"UserPoolId": id}, &have); err != nil {
			return err
		}
		if names := differing(p.Settings, have.UserPool); len(names) > 0 {
			err := a.change(func() error {
				return a.call(ctx, idp("UpdateUserPool"), with(p.Settings, obj{"UserPoolId": id}), new(obj))
			}, "~ pool %s: %s", p.Name, strings.Join(names, ", "))
			if err != nil {
				return err
			}
		}
	} else if err := a.createPool(ctx, p); err != nil {
		return err
	}
	domain, _ := have.UserPool["Domain"].(string)
	if p.Domain != "" && p.Domain != domain {
		err := a.change(func() error {
			return a.call(ctx, idp("CreateUserPoolDomain"), obj{"UserPoolId": a.pools[p.Name], "Domain": p.Domain}, new(obj))
		}, "+ domain %s of pool %s", p.Domain, p.Name)
		if err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context, Pool) error{a.applyClients, a.applyGroups, a.applyUsers, a.applySAMLApps} {
		if err := part(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) createPool(ctx context.Context, p Pool) error {
	return a.change(func() error {
		var out struct{ UserPool struct{ Id string } }
		err := a.call(ctx, idp("CreateUserPool"), with(p.Settings, obj{"PoolName": p.Name}), &out)
		a.pools[p.Name] = out.UserPool.Id
		return err
	}, "+ pool %s", p.Name)
}

func (a *Applier) applyClients(ctx context.Context, p Pool) error {
	pool := a.pools[p.Name]
	ids := map[string]string{}
	a.clients[p.Name] = ids
	if pool != "" {
		var out struct {
			UserPoolClients []struct{ ClientId, ClientName string }
		}
		if err := a.call(ctx, idp("ListUserPoolClients"), obj{"UserPoolId": pool, "MaxResults": pageSize}, &out); err != nil {
			return err
		}
		for _, c := range out.UserPoolClients {
			ids[c.ClientName] = c.ClientId
		}
	}
	for _, c := range p.Clients {
		if err := a.applyClient(ctx, p, c, ids); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applyClient(ctx context.Context, p Pool, c Client, ids map[string]string) error {
	id, ok := ids[c.Name]
	if !ok {
		return a.change(func() error {
			var out struct{ UserPoolClient struct{ ClientId string } }
			err := a.call(ctx, idp("CreateUserPoolClient"), with(c.Settings, obj{"UserPoolId": a.pools[p.Name], "ClientName": c.Name}), &out)
			ids[c.Name] = out.UserPoolClient.ClientId
			return err
		}, "+ client %s of pool %s", c.Name, p.Name)
	}
	var have struct{ UserPoolClient map[string]any }
	if err := a.call(ctx, idp("DescribeUserPoolClient"), obj{"UserPoolId": a.pools[p.Name], "ClientId": id}, &have); err != nil {
		return err
	}
	want := with(c.Settings, nil)
	delete(want, "GenerateSecret") // counts at creation alone
	names := differing(want, have.UserPoolClient)
	if len(names) == 0 {
		return nil
	}
	return a.change(func() error {
		return a.call(ctx, idp("UpdateUserPoolClient"), with(want, obj{"UserPoolId": a.pools[p.Name], "ClientId": id, "ClientName": c.Name}), new(obj))
	}, "~ client %s of pool %s: %s", c.Name, p.Name, strings.Join(names, ", "))
}

func (a *Applier) applyGroups(ctx context.Context, p Pool) error {
	for _, g := range p.Groups {
		want := obj{}
		if g.Description != "" {
			want["Description"] = g.Description
		}
		if g.Precedence != nil {
			want["Precedence"] = *g.Precedence
		}
		if g.Role != "" {
			want["RoleArn"] = g.Role
		}
		in := with(want, obj{"UserPoolId": a.pools[p.Name], "GroupName": g.Name})
		var have struct{ Group map[string]any }
		err := a.find(ctx, a.pools[p.Name], idp("GetGroup"), obj{"UserPoolId": a.pools[p.Name], "GroupName": g.Name}, &have)
		switch names := differing(want, have.Group); {
		case isMissing(err):
			err = a.change(func() error {
				in["UserPoolId"] = a.pools[p.Name]
				return a.call(ctx, idp("CreateGroup"), in, new(obj))
			}, "+ group %s of pool %s", g.Name, p.Name)
		case err == nil && len(names) > 0:
			err = a.change(func() error { return a.call(ctx, idp("UpdateGroup"), in, new(obj)) },
				"~ group %s of pool %s: %s", g.Name, p.Name, strings.Join(names, ", "))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
