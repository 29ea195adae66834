package apply

import (
	"context"
	"strings"
)

// applySAMLPool sets what the metadata of the pool's SAML identity provider tells of
// it. What the file does not name stays.
func (a *Applier) applySAMLPool(ctx context.Context, p Pool) error {
	if len(p.SAML) == 0 {
		return nil
	}
	have := struct{ Pool map[string]any }{obj{}}
	err := a.find(ctx, a.pools[p.Name], own("DescribeSamlPool"), obj{"UserPoolId": a.pools[p.Name]}, &have)
	if err != nil && !isMissing(err) {
		return err
	}
	names := differing(p.SAML, have.Pool)
	if len(names) == 0 {
		return nil
	}
	delete(have.Pool, "EntityId") // the server's to say
	return a.change(func() error {
		return a.call(ctx, own("SetSamlPool"), with(have.Pool, with(p.SAML, obj{"UserPoolId": a.pools[p.Name]})), new(obj))
	}, "~ SAML identity provider of pool %s: %s", p.Name, strings.Join(names, ", "))
}

func (a *Applier) applySAMLApps(ctx context.Context, p Pool) error {
	if err := a.applySAMLPool(ctx, p); err != nil {
		return err
	}
	if len(p.SAMLApps) == 0 {
		return nil
	}
	ids := map[string]string{}
	if pool := a.pools[p.Name]; pool != "" {
		type page struct {
			Applications []struct{ ApplicationId, Name string }
		}
		err := pages(ctx, a, own("ListSamlApplications"), obj{"UserPoolId": pool}, func(out page) {
			for _, app := range out.Applications {
				index(ids, app.Name, app.ApplicationId)
			}
		})
		if err != nil {
			return err
		}
	}
	for _, app := range p.SAMLApps {
		if err := a.applySAMLApp(ctx, p, app, ids); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) applySAMLApp(ctx context.Context, p Pool, app SAMLApp, ids map[string]string) error {
	want := with(app.Settings, obj{"Name": app.Name})
	switch {
	case app.MetadataURL != "":
		want["MetadataUrl"] = app.MetadataURL
	case app.Template != "":
		want["TemplateId"] = app.Template
	default:
		text, err := a.file.text(app.MetadataFile)
		if err != nil {
			return err
		}
		want["MetadataXml"] = text
	}
	id, ok, err := known(ids, "SAML app of pool "+p.Name, app.Name)
	if err != nil {
		return err
	}
	if !ok {
		return a.change(func() error {
			return a.call(ctx, own("CreateSamlApplication"), with(want, obj{"UserPoolId": a.pools[p.Name]}), new(obj))
		}, "+ SAML app %s of pool %s", app.Name, p.Name)
	}
	at := obj{"UserPoolId": a.pools[p.Name], "ApplicationId": id}
	delete(want, "TemplateId") // it is not kept, and what it stood for may have been changed
	delete(want, "TemplateParameters")
	var have struct{ Application map[string]any } // the list leaves the metadata out
	if err := a.call(ctx, own("DescribeSamlApplication"), at, &have); err != nil {
		return err
	}
	names := differing(want, have.Application)
	if len(names) == 0 {
		return nil
	}
	return a.change(func() error {
		return a.call(ctx, own("UpdateSamlApplication"), with(want, at), new(obj))
	}, "~ SAML app %s of pool %s: %s", app.Name, p.Name, strings.Join(names, ", "))
}
