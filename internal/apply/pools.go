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
	type page struct{ UserPools []struct{ Id, Name string } }
	return pages(ctx, a, idp("ListUserPools"), nil, func(out page) {
		for _, p := range out.UserPools {
			index(a.pools, p.Name, p.Id)
		}
	})
}

func (a *Applier) applyPool(ctx context.Context, p Pool) error {
	id, ok, err := known(a.pools, "pool", p.Name)
	if err != nil {
		return err
	}
	domain := ""
	if ok {
		domain, err = a.updatePool(ctx, p, id)
	} else {
		err = a.createPool(ctx, p)
	}
	if err != nil {
		return err
	}
	if p.Domain != "" && p.Domain != domain {
		err := a.change(func() error {
			return a.call(ctx, idp("CreateUserPoolDomain"), obj{"UserPoolId": a.pools[p.Name], "Domain": p.Domain}, new(obj))
		}, "+ domain %s of pool %s", p.Domain, p.Name)
		if err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context, Pool) error{a.applyOpenIDPool, a.applyGroups, a.applyIdentityProviders, a.applyClients, a.applyUsers, a.applySAMLApps} {
		if err := part(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// forLife are the settings that UpdateUserPool does not take.
var forLife = []string{"AliasAttributes", "UsernameAttributes", "UsernameConfiguration"}

// updatePool returns the domain that the pool has.
func (a *Applier) updatePool(ctx context.Context, p Pool, id string) (domain string, err error) {
	var have struct{ UserPool map[string]any }
	if err := a.call(ctx, idp("DescribeUserPool"), obj{"UserPoolId": id}, &have); err != nil {
		return "", err
	}
	domain, _ = have.UserPool["Domain"].(string)
	want := with(p.Settings, nil)
	for _, name := range forLife {
		if value, ok := want[name]; ok && len(differing(obj{name: value}, have.UserPool)) > 0 {
			return "", fmt.Errorf("pool %s: %s can't be changed once the pool is made", p.Name, name)
		}
		delete(want, name)
	}
	if err := a.addAttributes(ctx, p, id, want["Schema"], have.UserPool["SchemaAttributes"]); err != nil {
		return "", err
	}
	delete(want, "Schema")
	names := differing(want, have.UserPool)
	if len(names) == 0 {
		return domain, nil
	}
	return domain, a.change(func() error {
		return a.call(ctx, idp("UpdateUserPool"), with(want, obj{"UserPoolId": id}), new(obj))
	}, "~ pool %s: %s", p.Name, strings.Join(names, ", "))
}

// addAttributes adds the custom attributes of a schema that the pool lacks.
// Those that it has stay as they are for life.
func (a *Applier) addAttributes(ctx context.Context, p Pool, id string, want, have any) error {
	names := map[any]bool{}
	listed, _ := have.([]any)
	for _, x := range listed {
		if attribute, ok := x.(map[string]any); ok {
			names[attribute["Name"]] = true
		}
	}
	wanted, _ := normal(want).([]any)
	for _, x := range wanted {
		attribute, ok := x.(map[string]any)
		if name := fmt.Sprint(attribute["Name"]); !ok || names[name] || names["custom:"+name] || names["dev:custom:"+name] {
			continue
		}
		err := a.change(func() error {
			return a.call(ctx, idp("AddCustomAttributes"), obj{"UserPoolId": id, "CustomAttributes": []any{attribute}}, new(obj))
		}, "+ attribute %s of pool %s", attribute["Name"], p.Name)
		if err != nil {
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
		type page struct {
			UserPoolClients []struct{ ClientId, ClientName string }
		}
		err := pages(ctx, a, idp("ListUserPoolClients"), obj{"UserPoolId": pool}, func(out page) {
			for _, c := range out.UserPoolClients {
				index(ids, c.ClientName, c.ClientId)
			}
		})
		if err != nil {
			return err
		}
	}
	for _, c := range p.Clients {
		if err := a.applyClient(ctx, p, c, ids); err != nil {
			return err
		}
		if err := a.applyOpenIDClient(ctx, p, c, ids); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applyClient(ctx context.Context, p Pool, c Client, ids map[string]string) error {
	id, ok, err := known(ids, "client of pool "+p.Name, c.Name)
	if err != nil {
		return err
	}
	// Hiding who exists is the default here, though not of the operation.
	settings := with(obj{"PreventUserExistenceErrors": "ENABLED"}, c.Settings)
	if !ok {
		return a.change(func() error {
			var out struct{ UserPoolClient struct{ ClientId string } }
			err := a.call(ctx, idp("CreateUserPoolClient"), with(settings, obj{"UserPoolId": a.pools[p.Name], "ClientName": c.Name}), &out)
			ids[c.Name] = out.UserPoolClient.ClientId
			return err
		}, "+ client %s of pool %s", c.Name, p.Name)
	}
	var have struct{ UserPoolClient map[string]any }
	if err := a.call(ctx, idp("DescribeUserPoolClient"), obj{"UserPoolId": a.pools[p.Name], "ClientId": id}, &have); err != nil {
		return err
	}
	want := with(settings, nil)
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
