package migrate

import (
	"context"
	"encoding/json"
	"fmt"
)

type attribute struct{ Name, Value string }

type user struct {
	Username, UserStatus string
	Enabled              bool
	UserCreateDate       json.RawMessage
	Attributes           []attribute
}

// copyUsers copies users page by page. A token that the source takes no more leads
// back to the first page: the target skips whom it has.
func (m *Migration) copyUsers(ctx context.Context) error {
	for {
		in := obj{"UserPoolId": m.Pool, "Limit": pageSize}
		if m.at.Users != "" {
			in["PaginationToken"] = m.at.Users
		}
		var out struct {
			Users           []user
			PaginationToken string
		}
		err := m.read(ctx, "ListUsers", in, &out)
		if m.at.Users != "" && isCode(err, "InvalidParameterException") {
			m.at.Users = ""
			continue
		}
		if err != nil {
			return err
		}
		if err := m.putUsers(ctx, out.Users); err != nil {
			return err
		}
		fmt.Fprintf(m.Progress, "\rusers: %d", m.at.Counts["users"]+m.at.Counts["users that were here already"])
		if m.at.Users = out.PaginationToken; m.at.Users == "" {
			fmt.Fprintln(m.Progress)
			return nil
		}
		if err := m.save(); err != nil {
			return err
		}
	}
}

func (m *Migration) putUsers(ctx context.Context, users []user) error {
	page := []obj{}
	for _, u := range users {
		switch u.UserStatus {
		case "CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED":
			page = append(page, imported(u))
		default:
			m.at.Notes = append(m.at.Notes, fmt.Sprintf("user %s: state %s", u.Username, u.UserStatus))
		}
	}
	if len(page) == 0 {
		return nil
	}
	if m.DryRun {
		m.at.Counts["users"] += len(page)
		return nil
	}
	var out struct {
		Imported, Skipped int
		Refused           []struct{ Username, Reason string }
	}
	if err := m.write(ctx, ours+"ImportUsers", obj{"UserPoolId": m.Pool, "Users": page}, &out); err != nil {
		return err
	}
	m.at.Counts["users"] += out.Imported
	if out.Skipped > 0 {
		m.at.Counts["users that were here already"] += out.Skipped
	}
	for _, r := range out.Refused {
		m.at.Notes = append(m.at.Notes, fmt.Sprintf("user %s: %s", r.Username, r.Reason))
	}
	return nil
}

// imported is a user as ImportUsers takes one.
func imported(u user) obj {
	sub, attributes := "", []attribute{}
	for _, a := range u.Attributes {
		switch a.Name {
		case "sub":
			sub = a.Value
		case "identities": // links to providers, which are not here yet
		default:
			attributes = append(attributes, a)
		}
	}
	return obj{"Username": u.Username, "Sub": sub, "UserStatus": u.UserStatus, "Enabled": u.Enabled, "UserCreateDate": u.UserCreateDate, "Attributes": attributes}
}
