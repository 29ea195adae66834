package userpool_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// newFunctions opens a service whose triggers run the functions of a lambda.
func newFunctions(t testing.TB, change func(*userpool.Pool), names ...string) (*estate, *lambda, *userpool.Client) {
	t.Helper()
	e, l := newEstate(t), &lambda{}
	e.Triggers = l.triggers()
	p := e.newPool(func(p *userpool.Pool) {
		withTriggers(names...)(p)
		if change != nil {
			change(p)
		}
	})
	return e, l, e.newClient(p, nil)
}

func signUpOf(name string) userpool.SignUp {
	return userpool.SignUp{Username: name, Password: password, Attributes: map[string]string{"email": name + "@example.com"}}
}

func TestPreSignUpEvent(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PreSignUp")
	l.answers("PreSignUp", `{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}`)
	ctx := userpool.WithValidationData(userpool.WithClientMetadata(t.Context(), map[string]string{"m": "1"}), map[string]string{"v": "2"})
	u, d, err := e.SignUp(ctx, c, signUpOf("ana"))
	e.ok(err)
	same(t, "status", u.Status, userpool.Unconfirmed)
	same(t, "medium", d.Medium, "EMAIL")
	sameJSON(t, l.last(t, "PreSignUp"), `{"version":"1","triggerSource":"PreSignUp_SignUp","region":"us-east-1","userPoolId":"`+string(c.Pool)+`",
		"userName":"ana","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"`+string(c.ID)+`"},
		"request":{"userAttributes":{"email":"ana@example.com"},"validationData":{"v":"2"},"clientMetadata":{"m":"1"}},
		"response":{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}}`)
}

// TestPreSignUpRefuses: a function that throws leaves no account behind.
func TestPreSignUpRefuses(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PreSignUp")
	l.throws("PreSignUp", "not from here")
	_, _, err := e.SignUp(t.Context(), c, signUpOf("ana"))
	wantFault(t, err, userpool.ErrUserLambda, "PreSignUp failed with error not from here.")
	_, err = e.AdminCreateUser(t.Context(), c.Pool, userpool.NewUser{Username: "ana"})
	wantFault(t, err, userpool.ErrUserLambda, "PreSignUp failed with error not from here.")
	_, err = e.User(t.Context(), c.Pool, "ana")
	e.refused(err, userpool.ErrUserNotFound, "")
	same(t, "messages", e.mail.count(), 0)
}

// TestAutoConfirm: who is confirmed by the function gets no code.
func TestAutoConfirm(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PreSignUp", "PostConfirmation")
	l.answers("PreSignUp", `{"autoConfirmUser":true,"autoVerifyEmail":true}`)
	l.answers("PostConfirmation", `{}`)
	u, d, err := e.SignUp(t.Context(), c, signUpOf("ana"))
	e.ok(err)
	same(t, "status", u.Status, userpool.Confirmed)
	same(t, "delivery", d == nil, true)
	same(t, "verified", e.user(c.Pool, "ana").Attributes["email_verified"], "true")
	same(t, "messages", e.mail.count(), 0)
	if event := l.last(t, "PostConfirmation"); !strings.Contains(event, `"cognito:user_status":"CONFIRMED"`) {
		t.Fatal(event)
	}
	same(t, "triggers", l.sources(), "PreSignUp_SignUp PostConfirmation_ConfirmSignUp")
}

// TestAutoVerifyAlone: an address that the function vouches for is the user's, who
// still has to confirm, and leaves whoever had it as an alias.
func TestAutoVerifyAlone(t *testing.T) {
	e, l, c := newFunctions(t, func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} }, "PreSignUp")
	l.answers("PreSignUp", `{"autoVerifyEmail":true}`)
	in := signUpOf("ana")
	for _, name := range []string{"ana", "eve"} {
		in.Username = name
		u, _, err := e.SignUp(t.Context(), c, in)
		e.ok(err)
		same(t, "status", u.Status, userpool.Unconfirmed)
	}
	same(t, "former owner", e.user(c.Pool, "ana").Attributes["email_verified"], "false")
	same(t, "owner", e.user(c.Pool, "ana@example.com").Username, "eve")
}

// TestAutoVerifyNothing: nothing can be verified that is not there.
func TestAutoVerifyNothing(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PreSignUp")
	l.answers("PreSignUp", `{"autoConfirmUser":true,"autoVerifyPhone":true}`)
	_, _, err := e.SignUp(t.Context(), c, signUpOf("ana"))
	wantFault(t, err, userpool.ErrInvalidLambdaResponse, "PreSignUp set autoVerifyPhone, but the user has no phone_number.")
}

// TestPreSignUpOfAdministrators: the function may refuse, its grants are ignored.
func TestPreSignUpOfAdministrators(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PreSignUp", "PostConfirmation")
	l.answers("PreSignUp", `{"autoConfirmUser":true,"autoVerifyEmail":true,"autoVerifyPhone":true}`)
	u, err := e.AdminCreateUser(t.Context(), c.Pool, userpool.NewUser{Username: "ana", Attributes: map[string]string{"email": "ana@example.com"}, MessageAction: "SUPPRESS"})
	e.ok(err)
	same(t, "status", u.Status, userpool.ForceChangePassword)
	same(t, "verified", u.Attributes["email_verified"], "false")
	if event := l.last(t, "PreSignUp"); !strings.Contains(event, `"clientId":"CLIENT_ID_NOT_APPLICABLE"`) {
		t.Fatal(event)
	}
	same(t, "triggers", l.sources(), "PreSignUp_AdminCreateUser")
}

// TestAnswerForAnother: of an answer only the response counts. A function cannot
// turn a request for one user into one for another.
func TestAnswerForAnother(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PreSignUp")
	l.on("PreSignUp", func(map[string]any) (any, error) {
		return []byte(`{"userName":"admin","userPoolId":"us-east-1_Other0001","request":{"userAttributes":{"email":"eve@example.com"}},
			"response":{"autoConfirmUser":true,"userName":"admin","userAttributes":{"email":"eve@example.com"}}}`), nil
	})
	u, _, err := e.SignUp(t.Context(), c, signUpOf("ana"))
	e.ok(err)
	same(t, "name", u.Username, "ana")
	same(t, "address", e.user(c.Pool, "ana").Attributes["email"], "ana@example.com")
	_, err = e.User(t.Context(), c.Pool, "admin")
	e.refused(err, userpool.ErrUserNotFound, "")
}

// TestPostConfirmation: every confirmation is told, and an error undoes none.
func TestPostConfirmation(t *testing.T) {
	e, l, c := newFunctions(t, nil, "PostConfirmation")
	l.answers("PostConfirmation", `{}`)
	email := e.signUp(c, "ana")
	same(t, "before", l.sources(), "")
	e.ok(e.ConfirmSignUp(t.Context(), c, "ana", e.code(email), false))
	same(t, "by code", l.sources(), "PostConfirmation_ConfirmSignUp")
	e.signUp(c, "bob")
	e.ok(e.AdminConfirmSignUp(t.Context(), c.Pool, "bob"))
	same(t, "by administrator", l.sources(), "PostConfirmation_ConfirmSignUp")
	_, err := e.ForgotPassword(t.Context(), c, "ana")
	e.ok(err)
	l.throws("PostConfirmation", "full")
	err = e.ConfirmForgotPassword(t.Context(), c, "ana", e.code(email), "Other-Horse-2")
	wantFault(t, err, userpool.ErrUserLambda, "PostConfirmation failed with error full.")
	same(t, "by reset", l.sources(), "PostConfirmation_ConfirmForgotPassword")
	same(t, "password", e.accepts(c.Pool, "ana", "Other-Horse-2"), true)
}
