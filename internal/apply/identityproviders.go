package apply

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// applyIdentityProviders makes the providers that people sign in through. They come
// before the clients that name them, and after the groups that they name.
func (a *Applier) applyIdentityProviders(ctx context.Context, p Pool) error {
	for _, ip := range p.IdentityProviders {
		if err := a.applyIdentityProvider(ctx, p, ip); err != nil {
			return err
		}
		if err := a.applyFederation(ctx, p, ip); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applyIdentityProvider(ctx context.Context, p Pool, ip IdentityProvider) error {
	want := with(ip.Settings, nil)
	if ip.MetadataFile != "" {
		text, err := a.file.text(ip.MetadataFile)
		if err != nil {
			return err
		}
		details, _ := want["ProviderDetails"].(map[string]any)
		want["ProviderDetails"] = with(details, obj{"MetadataFile": text})
	}
	at := obj{"UserPoolId": a.pools[p.Name], "ProviderName": ip.Name}
	var have struct{ IdentityProvider map[string]any }
	err := a.find(ctx, a.pools[p.Name], idp("DescribeIdentityProvider"), at, &have)
	if isMissing(err) {
		return a.change(func() error {
			in := with(want, obj{"UserPoolId": a.pools[p.Name], "ProviderName": ip.Name, "ProviderType": ip.Type})
			return a.call(ctx, idp("CreateIdentityProvider"), in, new(obj))
		}, "+ identity provider %s of pool %s", ip.Name, p.Name)
	}
	names := differing(want, have.IdentityProvider)
	if err != nil || len(names) == 0 {
		return err
	}
	return a.change(func() error { return a.call(ctx, idp("UpdateIdentityProvider"), with(want, at), new(obj)) },
		"~ identity provider %s of pool %s: %s", ip.Name, p.Name, strings.Join(names, ", "))
}

// applyFederation sets what Cognito's operations have no members for. What the file
// does not name stays.
func (a *Applier) applyFederation(ctx context.Context, p Pool, ip IdentityProvider) error {
	if len(ip.Federation) == 0 {
		return nil
	}
	var have struct{ Provider struct{ Settings string } }
	at := obj{"UserPoolId": a.pools[p.Name], "ProviderName": ip.Name}
	if err := a.find(ctx, a.pools[p.Name], own("DescribeIdentityProviderSettings"), at, &have); err != nil && !isMissing(err) {
		return err
	}
	members := obj{}
	if text := have.Provider.Settings; text != "" {
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			return err
		}
	}
	names := slices.Compact(slices.Sorted(slices.Values(append(differing(ip.Federation, members), shrunk(ip.Federation, members)...))))
	if len(names) == 0 {
		return nil
	}
	return a.change(func() error {
		text, err := json.Marshal(with(members, ip.Federation))
		if err != nil {
			return err
		}
		in := obj{"UserPoolId": a.pools[p.Name], "ProviderName": ip.Name, "Settings": string(text)}
		return a.call(ctx, own("PutIdentityProviderSettings"), in, new(obj))
	}, "~ federation settings of identity provider %s of pool %s: %s", ip.Name, p.Name, strings.Join(names, ", "))
}

// shrunk names the maps that have more than the file gives them: a group that a
// provider is not to put people into any more has to go.
func shrunk(want, have map[string]any) (names []string) {
	for _, name := range []string{"Groups", "Sync"} {
		w, named := want[name]
		if h, ok := have[name].(map[string]any); named && ok && !covers(normal(w), h) {
			names = append(names, name)
		}
	}
	return names
}
