package sts

import "strings"

// A RoleRef is a role's ARN taken apart.
type RoleRef struct{ Account, Path, Name string }

// ParseRoleARN takes "arn:aws:iam::ACCOUNT:role/PATH/NAME" apart.
func ParseRoleARN(s string) (RoleRef, bool) {
	account, resource, ok := cutARN(s, "iam")
	rest, isRole := strings.CutPrefix(resource, "role/")
	if !ok || !isRole || !validName(rest[strings.LastIndexByte(rest, '/')+1:], 64) {
		return RoleRef{}, false
	}
	i := strings.LastIndexByte(rest, '/')
	return RoleRef{Account: account, Path: "/" + rest[:i+1], Name: rest[i+1:]}, true
}

// cutARN returns account and resource of a global ARN.
func cutARN(s, service string) (account, resource string, ok bool) {
	s, ok = strings.CutPrefix(s, "arn:aws:"+service+"::")
	if !ok {
		return "", "", false
	}
	account, resource, ok = strings.Cut(s, ":")
	return account, resource, ok && len(account) == 12 && strings.Trim(account, "0123456789") == ""
}

// validName reports whether s is a name of IAM: 1 to limit of [\w+=,.@-].
func validName(s string, limit int) bool {
	return len(s) >= 1 && len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_+=,.@-", r))
	})
}

// validSessionName is validName for session names and source identities.
func validSessionName(s string) bool { return len(s) >= 2 && validName(s, 64) }

// ARN returns the ARN of the role, path included.
func (r *Role) ARN() string { return "arn:aws:iam::" + r.Account + ":role" + r.Path + r.Name }

// ARN returns the ARN of the user, path included.
func (u *User) ARN() string { return "arn:aws:iam::" + u.Account + ":user" + u.Path + u.Name }

// ARN returns the ARN of the policy, path included.
func (p *ManagedPolicy) ARN() string {
	return "arn:aws:iam::" + p.Account + ":policy" + p.Path + p.Name
}

// ARN returns the ARN of the provider.
func (p *SAMLProvider) ARN() string { return samlProviderARN(p.Account, p.Name) }

// ARN returns the ARN of the provider.
func (p *OIDCProvider) ARN() string { return "arn:aws:iam::" + p.Account + ":oidc-provider/" + p.URL }

func samlProviderARN(account, name string) string {
	return "arn:aws:iam::" + account + ":saml-provider/" + name
}

// assumedRoleARN has no path: AWS leaves it out.
func assumedRoleARN(account, role, session string) string {
	return "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session
}

func federatedARN(account, name string) string {
	return "arn:aws:sts::" + account + ":federated-user/" + name
}

func rootARN(account string) string { return "arn:aws:iam::" + account + ":root" }
