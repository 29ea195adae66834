package apply

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

func (a *Applier) applyIdentityPools(ctx context.Context) error {
	if len(a.file.IdentityPools) == 0 && len(a.file.Roles) == 0 {
		return nil
	}
	type page struct {
		IdentityPools []struct{ IdentityPoolId, IdentityPoolName string }
	}
	err := pages(ctx, a, identity("ListIdentityPools"), nil, func(out page) {
		for _, p := range out.IdentityPools {
			index(a.idPools, p.IdentityPoolName, p.IdentityPoolId)
		}
	})
	if err != nil {
		return err
	}
	for _, p := range a.file.IdentityPools {
		if err := a.applyIdentityPool(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applyIdentityPool(ctx context.Context, p IdentityPool) error {
	id, ok, err := known(a.idPools, "identity pool", p.Name)
	if err != nil {
		return err
	}
	if !ok {
		return a.change(func() error { return a.createIdentityPool(ctx, p) }, "+ identity pool %s", p.Name)
	}
	var have obj
	if err := a.call(ctx, identity("DescribeIdentityPool"), obj{"IdentityPoolId": id}, &have); err != nil {
		return err
	}
	want := p.settings()
	if logins, err := a.logins(p); err == nil {
		want["CognitoIdentityProviders"] = logins
	} else if !a.Diff { // a client that is yet to be made has no ID to compare
		return err
	}
	names := differing(want, have)
	if len(names) == 0 {
		return nil
	}
	return a.change(func() error {
		return a.call(ctx, identity("UpdateIdentityPool"), with(have, want), new(obj)) // what is left out is reset
	}, "~ identity pool %s: %s", p.Name, strings.Join(names, ", "))
}

func (p IdentityPool) settings() obj {
	out := obj{"IdentityPoolName": p.Name, "AllowUnauthenticatedIdentities": p.AllowGuests, "AllowClassicFlow": p.AllowClassic}
	if p.DeveloperProvider != "" {
		out["DeveloperProviderName"] = p.DeveloperProvider
	}
	return out
}

func (a *Applier) createIdentityPool(ctx context.Context, p IdentityPool) error {
	logins, err := a.logins(p)
	if err != nil {
		return err
	}
	var out struct{ IdentityPoolId string }
	err = a.call(ctx, identity("CreateIdentityPool"), with(p.settings(), obj{"CognitoIdentityProviders": logins}), &out)
	a.idPools[p.Name] = out.IdentityPoolId
	return err
}

// logins names the clients of pools as an identity pool knows them.
func (a *Applier) logins(p IdentityPool) ([]obj, error) {
	list := []obj{}
	for _, l := range p.Logins {
		pool, client := a.pools[l.Pool], a.clients[l.Pool][l.Client]
		if pool == "" || client == "" {
			return nil, fmt.Errorf("identity pool %s: there is no client %q of a pool %q in this file", p.Name, l.Client, l.Pool)
		}
		list = append(list, obj{"ProviderName": a.loginProvider(pool), "ClientId": client, "ServerSideTokenCheck": l.CheckSessions})
	}
	return list, nil
}

// loginProvider is a pool's name as a provider of identity pools.
func (a *Applier) loginProvider(pool string) string {
	return "cognito-idp." + a.Client.Region + ".amazonaws.com/" + pool
}

// setPrincipalTags says which claims of a login become session tags.
func (a *Applier) setPrincipalTags(ctx context.Context, p IdentityPool, l Login) error {
	at := func() obj {
		return obj{"IdentityPoolId": a.idPools[p.Name], "IdentityProviderName": a.loginProvider(a.pools[l.Pool]) + ":" + a.clients[l.Pool][l.Client]}
	}
	if a.idPools[p.Name] != "" && a.clients[l.Pool][l.Client] != "" { // else they are yet to be made
		var have struct {
			UseDefaults   bool
			PrincipalTags map[string]string
		}
		if err := a.call(ctx, identity("GetPrincipalTagAttributeMap"), at(), &have); err != nil && !a.Diff { // the login is yet to be added
			return err
		}
		if !have.UseDefaults && maps.Equal(have.PrincipalTags, l.PrincipalTags) {
			return nil
		}
	}
	return a.change(func() error {
		return a.call(ctx, identity("SetPrincipalTagAttributeMap"), with(at(), obj{"UseDefaults": false, "PrincipalTags": l.PrincipalTags}), new(obj))
	}, "~ identity pool %s: tags of %s", p.Name, l.Pool)
}

func (a *Applier) applyIdentityRoles(ctx context.Context) error {
	for _, p := range a.file.IdentityPools {
		if len(p.Roles) > 0 {
			if err := a.setRoles(ctx, p, a.idPools[p.Name]); err != nil {
				return err
			}
		}
		for _, l := range p.Logins {
			if l.PrincipalTags == nil {
				continue
			}
			if err := a.setPrincipalTags(ctx, p, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Applier) setRoles(ctx context.Context, p IdentityPool, id string) error {
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
