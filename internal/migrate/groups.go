package migrate

import "context"

// allMembers stands in the state in place of a token.
const allMembers = "-"

func (m *Migration) copyGroups(ctx context.Context) error {
	for token := ""; ; {
		var out struct {
			Groups    []obj
			NextToken string
		}
		if err := m.read(ctx, "ListGroups", page(obj{"UserPoolId": m.Pool, "Limit": pageSize}, token), &out); err != nil {
			return err
		}
		for _, g := range out.Groups {
			if err := m.copyGroup(ctx, g); err != nil {
				return err
			}
		}
		if token = out.NextToken; token == "" {
			return nil
		}
	}
}

func (m *Migration) copyGroup(ctx context.Context, g obj) error {
	name, _ := g["GroupName"].(string)
	if m.at.Groups[name] == allMembers {
		return nil
	}
	delete(g, "CreationDate")
	delete(g, "LastModifiedDate")
	g["UserPoolId"] = m.Pool
	if err := m.add(ctx, cognito+"CreateGroup", g, "GroupExistsException", "groups"); err != nil {
		return err
	}
	for {
		var out struct {
			Users     []struct{ Username string }
			NextToken string
		}
		in := page(obj{"UserPoolId": m.Pool, "GroupName": name, "Limit": pageSize}, m.at.Groups[name])
		err := m.read(ctx, "ListUsersInGroup", in, &out)
		if m.at.Groups[name] != "" && isCode(err, "InvalidParameterException") {
			m.at.Groups[name] = "" // the token is too old; being in a group twice is being in it
			continue
		}
		if err != nil {
			return err
		}
		for _, u := range out.Users {
			in := obj{"UserPoolId": m.Pool, "GroupName": name, "Username": u.Username}
			if err := m.add(ctx, cognito+"AdminAddUserToGroup", in, "", "memberships"); err != nil {
				return err
			}
		}
		if m.at.Groups[name] = out.NextToken; out.NextToken == "" {
			m.at.Groups[name] = allMembers
			return m.save()
		}
		if err := m.save(); err != nil {
			return err
		}
	}
}
