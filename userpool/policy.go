package userpool

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// symbols are the characters that satisfy RequireSymbols; so does a space that
// is neither first nor last.
const symbols = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+="

// maxPassword is the longest password, in characters.
const maxPassword = 256

// Fault says why a password does not satisfy the policy, the first reason only,
// in AWS's words. It is empty for a good password.
func (p PasswordPolicy) Fault(password string) string {
	for _, rule := range []struct {
		required bool
		ok       bool
		text     string
	}{
		{true, utf8.ValidString(password) && utf8.RuneCountInString(password) <= maxPassword, "Password is too long or not valid text"},
		{true, utf8.RuneCountInString(password) >= p.MinimumLength, "Password not long enough"},
		{p.RequireUppercase, strings.ContainsAny(password, upperLetters), "Password must have uppercase characters"},
		{p.RequireLowercase, strings.ContainsAny(password, lowerLetters), "Password must have lowercase characters"},
		{p.RequireNumbers, strings.ContainsAny(password, digits), "Password must have numeric characters"},
		{p.RequireSymbols, strings.ContainsAny(strings.Trim(password, " "), symbols+" "), "Password must have symbol characters"},
		{true, strings.TrimSpace(password) == password, `Password must satisfy regular expression pattern: ^\S.*\S$`},
	} {
		if rule.required && !rule.ok {
			return rule.text
		}
	}
	return ""
}

// CheckPassword returns an ErrInvalidPassword for a password that the policy
// refuses. AWS words it differently where an administrator or a challenge sets
// the password, and where the user does.
func (p PasswordPolicy) CheckPassword(password string, byAdmin bool) error {
	why := p.Fault(password)
	switch {
	case why == "":
		return nil
	case byAdmin:
		return Fail(ErrInvalidPassword, "Password did not conform with password policy: "+why)
	}
	return Fail(ErrInvalidPassword, "Password does not conform to policy: "+why)
}

func (p PasswordPolicy) validate() error {
	if p.MinimumLength < 6 || p.MinimumLength > 99 {
		return invalid("Password policy minimum length must be between 6 and 99.")
	}
	if p.History < 0 || p.History > 24 {
		return invalid("Password history size must be between 0 and 24.")
	}
	return nil
}

// temporaryPassword returns a random password that satisfies the policy, with
// about 70 bits or more.
func (p PasswordPolicy) temporaryPassword() string {
	const plain = "^$*.!@#%&-_+="
	n := max(p.MinimumLength, 12)
	for {
		password := randomText(n, upperLetters+lowerLetters+digits+plain)
		classes := PasswordPolicy{MinimumLength: n, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true}
		if classes.Fault(password) == "" {
			return password
		}
	}
}

func historyFault(n int) error {
	return Fail(ErrPasswordHistory, fmt.Sprintf("Password has been used before; the last %d passwords cannot be used again.", n))
}
