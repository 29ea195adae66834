package apply

import (
	"context"
	"encoding/json"
	"strings"
)

// newOpenIDPool is what a pool has that is still to be made: then --diff names what
// apply will change.
func newOpenIDPool() map[string]any {
	return obj{"Mode": "COGNITO", "Registration": "OFF", "AllowImplicitClients": false, "RequireDPoPNonces": false, "RequirePushedRequests": false}
}

// applyOpenIDPool sets what Cognito's operations have no members for. What the file
// does not name stays.
func (a *Applier) applyOpenIDPool(ctx context.Context, p Pool) error {
	if len(p.OpenID) == 0 {
		return nil
	}
	have := struct{ Pool map[string]any }{newOpenIDPool()}
	err := a.find(ctx, a.pools[p.Name], own("DescribeOpenIDPool"), obj{"UserPoolId": a.pools[p.Name]}, &have)
	if err != nil && !isMissing(err) {
		return err
	}
	names := differing(p.OpenID, have.Pool)
	if len(names) == 0 {
		return nil
	}
	return a.change(func() error {
		return a.call(ctx, own("SetOpenIDPool"), with(have.Pool, with(p.OpenID, obj{"UserPoolId": a.pools[p.Name]})), new(obj))
	}, "~ OpenID provider of pool %s: %s", p.Name, strings.Join(names, ", "))
}

// applyOpenIDClient sets the client metadata of a client. Members that the file does
// not name stay.
func (a *Applier) applyOpenIDClient(ctx context.Context, p Pool, c Client, ids map[string]string) error {
	if len(c.OpenID) == 0 {
		return nil
	}
	var have struct{ Client struct{ Metadata string } }
	err := a.find(ctx, ids[c.Name], own("DescribeOpenIDClient"), obj{"UserPoolId": a.pools[p.Name], "ClientId": ids[c.Name]}, &have)
	if err != nil && !isMissing(err) {
		return err
	}
	members := obj{}
	if text := have.Client.Metadata; text != "" {
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			return err
		}
	}
	names := differing(c.OpenID, members)
	if len(names) == 0 {
		return nil
	}
	return a.change(func() error {
		text, err := json.Marshal(with(members, c.OpenID))
		if err != nil {
			return err
		}
		return a.call(ctx, own("PutOpenIDClient"), obj{"UserPoolId": a.pools[p.Name], "ClientId": ids[c.Name], "Metadata": string(text)}, new(obj))
	}, "~ OpenID settings of client %s of pool %s: %s", c.Name, p.Name, strings.Join(names, ", "))
}
