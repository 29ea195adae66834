package migrate

import (
	"context"
	"fmt"
)

func (m *Migration) copyResourceServers(ctx context.Context) error {
	for token := ""; ; {
		var out struct {
			ResourceServers []obj
			NextToken       string
		}
		if err := m.read(ctx, "ListResourceServers", page(obj{"UserPoolId": m.Pool, "MaxResults": 50}, token), &out); err != nil {
			return err
		}
		for _, rs := range out.ResourceServers {
			rs["UserPoolId"] = m.Pool
			if err := m.add(ctx, cognito+"CreateResourceServer", rs, "InvalidParameterException", "resource servers"); err != nil {
				return err
			}
		}
		if token = out.NextToken; token == "" {
			return nil
		}
	}
}

func (m *Migration) copyClients(ctx context.Context) error {
	found := m.FromClient == ""
	for token := ""; ; {
		var out struct {
			UserPoolClients []struct{ ClientId string }
			NextToken       string
		}
		if err := m.read(ctx, "ListUserPoolClients", page(obj{"UserPoolId": m.Pool, "MaxResults": pageSize}, token), &out); err != nil {
			return err
		}
		for _, c := range out.UserPoolClients {
			found = found || c.ClientId == m.FromClient
			if err := m.copyClient(ctx, c.ClientId); err != nil {
				return fmt.Errorf("%s: %w", c.ClientId, err)
			}
		}
		if token = out.NextToken; token == "" {
			break
		}
	}
	if !found {
		return fmt.Errorf("the pool has no app client %s", m.FromClient)
	}
	return nil
}

// copyClient copies a client. What signs in through providers of the old pool does
// so again when those are set up here.
func (m *Migration) copyClient(ctx context.Context, id string) error {
	var out struct{ UserPoolClient obj }
	if err := m.read(ctx, "DescribeUserPoolClient", obj{"UserPoolId": m.Pool, "ClientId": id}, &out); err != nil {
		return err
	}
	c := out.UserPoolClient
	made := obj{"UserPoolId": m.Pool, "ClientId": id, "ClientName": c["ClientName"]}
	if secret, ok := c["ClientSecret"]; ok {
		made["ClientSecret"] = secret
	}
	if err := m.add(ctx, ours+"ImportUserPoolClient", made, "ResourceConflictException", "app clients"); err != nil {
		return err
	}
	for _, name := range []string{"ClientSecret", "CreationDate", "LastModifiedDate", "AnalyticsConfiguration"} {
		delete(c, name)
	}
	if named, ok := c["SupportedIdentityProviders"].([]any); ok {
		c["SupportedIdentityProviders"] = native(named)
	}
	if err := m.note("settings of app client "+id, m.write(ctx, cognito+"UpdateUserPoolClient", c, nil)); err != nil {
		return err
	}
	if id != m.FromClient {
		return nil
	}
	return m.setSource(ctx, made)
}

// setSource tells the target where the passwords are.
func (m *Migration) setSource(ctx context.Context, client obj) error {
	in := obj{"UserPoolId": m.Pool, "Endpoint": m.From.Client.Endpoint, "Region": m.From.Client.Region, "ClientId": m.FromClient}
	if secret, ok := client["ClientSecret"]; ok {
		in["ClientSecret"] = secret
	}
	return m.write(ctx, ours+"PutPasswordSource", in, nil)
}

func native(providers []any) []any {
	kept := []any{}
	for _, p := range providers {
		if p == "COGNITO" {
			kept = append(kept, p)
		}
	}
	return kept
}

// page adds a token to the input of a list operation.
func page(in obj, token string) obj {
	if token != "" {
		in["NextToken"] = token
	}
	return in
}
