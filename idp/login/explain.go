package login

import (
	"errors"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// explain says what a person may know of an error, in their language. Whether a
// user exists is not part of it: an unknown name and a wrong password read the same.
func explain(l *words.Language, err error) (status int, text string, ok bool) {
	for _, rule := range explained {
		if errors.Is(err, rule.kind) {
			return rule.status, rule.say(l, err), true
		}
	}
	return 0, "", false
}

// A reason is a kind of error that people can do something about. The text of a
// function that refused is shown as it is: it was written for them.
type reason struct {
	kind   error
	status int
	key    string
	quote  bool
}

var explained = []reason{
	{userpool.ErrUserNotFound, http.StatusUnauthorized, "problem.credentials", false},
	{userpool.ErrBusy, http.StatusServiceUnavailable, "problem.busy", false},
	{userpool.ErrNotAuthorized, http.StatusUnauthorized, "problem.not-allowed", false},
	{userpool.ErrCodeMismatch, http.StatusBadRequest, "problem.code", false},
	{userpool.ErrEnableSoftwareToken, http.StatusBadRequest, "problem.code", false},
	{userpool.ErrExpiredCode, http.StatusBadRequest, "problem.code-expired", false},
	{userpool.ErrInvalidPassword, http.StatusBadRequest, "problem.password", false},
	{userpool.ErrPasswordHistory, http.StatusBadRequest, "problem.password-history", false},
	{userpool.ErrInvalidParameter, http.StatusBadRequest, "problem.form", false},
	{userpool.ErrUserExists, http.StatusBadRequest, "problem.user-exists", false},
	{userpool.ErrAliasExists, http.StatusBadRequest, "problem.address-exists", false},
	{userpool.ErrCodeDelivery, http.StatusBadRequest, "problem.delivery", false},
	{userpool.ErrUserLambda, http.StatusBadRequest, "problem.refused", true},
	{userpool.ErrUnexpectedLambda, http.StatusBadGateway, "problem.unchecked", false},
	{userpool.ErrInvalidLambdaResponse, http.StatusBadGateway, "problem.unchecked", false},
	{userpool.ErrLimitExceeded, http.StatusTooManyRequests, "problem.limit", false},
	{userpool.ErrTooManyRequests, http.StatusTooManyRequests, "problem.limit", false},
}

// sentences are what faults say to programs, and what we say to people instead.
var sentences = map[string]string{
	"Incorrect username or password.":                                       "problem.credentials",
	"Password attempts exceeded":                                            "problem.attempts",
	"User is disabled.":                                                     "problem.disabled",
	"The account cannot be linked.":                                         "problem.not-linked",
	"Invalid email address format.":                                         "problem.email",
	"Invalid phone number format.":                                          "problem.phone",
	"Your link is not valid any more.":                                      "problem.link-gone",
	"Temporary password has expired and must be reset by an administrator.": "problem.temporary",
	"Multi-factor authentication is required, and none of its factors is available to the user.": "problem.no-factor",
	"No challenge that can begin a sign-in is available to the user.":                            "problem.no-way",
	"SignUp is not permitted for this user pool":                                                 "problem.sign-up-closed",
	"Your software token has already been used once.":                                            "problem.code-used",
	"Unable to login because of security reasons.":                                               "problem.risk",
	"Provided password cannot be used for security reasons.":                                     "problem.password-leaked",
	"A user without a password needs an address that the user pool sends sign-in codes to.":      "problem.email",
	"The user has the most passkeys that are possible.":                                          "problem.passkey-limit",
	"Password is too long or not valid text":                                                     "problem.password-long",
	"Password not long enough":                                                                   "problem.password-short",
	"Password must have uppercase characters":                                                    "problem.password-upper",
	"Password must have lowercase characters":                                                    "problem.password-lower",
	"Password must have numeric characters":                                                      "problem.password-number",
	"Password must have symbol characters":                                                       "problem.password-symbol",
	`Password must satisfy regular expression pattern: ^\S.*\S$`:                                 "problem.password-space",
}

// prefixes stand before the sentence that matters.
var prefixes = []string{"Password does not conform to policy: ", "Password did not conform with password policy: "}

const schemaPrefix = "Attributes did not conform to the schema: "

func (k reason) say(l *words.Language, err error) string {
	var f *userpool.Fault
	if !errors.As(err, &f) {
		return l.Text(k.key)
	}
	text := f.PublicText()
	for _, p := range prefixes {
		text = strings.TrimPrefix(text, p)
	}
	if key, ok := sentences[text]; ok {
		return l.Text(key)
	}
	if field, ok := strings.CutPrefix(text, schemaPrefix); ok {
		name, _, _ := strings.Cut(field, ": ")
		return l.Text("problem.field", "field", label(l, name))
	}
	if k.quote {
		return text
	}
	return l.Text(k.key)
}

// again shows a form once more, with what was wrong. An error that is not about
// the form is returned.
func (h *Handler) again(w http.ResponseWriter, page string, p *view, err error) error {
	status, text, ok := explain(p.Lang, err)
	if !ok {
		return err
	}
	p.Error, p.NewPasswordWrong = text, errors.Is(err, userpool.ErrInvalidPassword) || errors.Is(err, userpool.ErrPasswordHistory)
	return h.Pages.Render(w, status, page, p)
}
