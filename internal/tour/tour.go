// Package tour runs Poolhouse's whole job as a client, step by step, and prints
// what was sent and what came back. It knows the server by its addresses alone.
package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// Options say where the tour goes.
type Options struct {
	Endpoint string // public URL of the server
	Region   string
	// Root is the account's root key. Without one the tour uses what the demo
	// seeded; with one it seeds a pool, an app, roles and an identity pool.
	Root *awsclient.Key
	Out  io.Writer
	// Colour paints the output for a terminal.
	Colour bool
}

// A Tour is one run.
type Tour struct {
	*awsclient.Client
	out    io.Writer
	colour bool
	number int
	at     target

	// What earlier steps leave for later ones.
	assertion string        // SAMLResponse for AWS, base64
	employee  awsclient.Key // from the assertion
	idToken   string        // of alice
	alice     device        // alice's identity
	bob       device
}

// A device is an identity and its credentials.
type device struct {
	identity string
	key      awsclient.Key
}

// A step is one thing to show. It fails unless the server behaves as it should.
type step struct {
	title string
	run   func(context.Context) error
}

// Run takes the tour. It returns an error that names the first step that was
// not as it should be.
func Run(ctx context.Context, o Options) error {
	t := &Tour{Client: awsclient.New(o.Endpoint, o.Region), out: o.Out, colour: o.Colour}
	if err := t.prepare(ctx, o.Root); err != nil {
		return fmt.Errorf("preparing the tour: %w", err)
	}
	for _, s := range t.steps() {
		t.number++
		fmt.Fprintf(t.out, "\n%s %s\n", t.paint("1;36", fmt.Sprintf("%2d", t.number)), t.paint("1", s.title))
		if err := s.run(ctx); err != nil {
			fmt.Fprintf(t.out, "   %s %v\n", t.paint("1;31", "✗"), err)
			return fmt.Errorf("step %d (%s): %w", t.number, s.title, err)
		}
		fmt.Fprintf(t.out, "   %s\n", t.paint("1;32", "✓ as it should be"))
	}
	fmt.Fprintf(t.out, "\nAll %d steps passed.\n", t.number)
	return nil
}

func (t *Tour) steps() []step {
	return []step{
		{"Sign in to a SAML app in the browser", t.signInToSAMLApp},
		{"Fetch a SAML assertion for AWS, without a second password", t.fetchAssertion},
		{"Exchange the assertion for temporary credentials", t.assumeRoleWithSAML},
		{"Ask who these credentials are", t.whoAmI},
		{"Sign in from a mobile app with SRP: the password never leaves the device", t.srpSignIn},
		{"Sign in from a web app: authorization code with PKCE", t.codeFlow},
		{"Turn the ID token into an identity and scoped credentials", t.identityCredentials},
		{"Two devices sync one dataset, and one of them is too late", t.syncDevices},
		{"Refused: another identity's dataset", t.refuseForeignDataset},
		{"Refused: a wrong password", t.refuseWrongPassword},
		{"Refused: an assertion that somebody changed", t.refuseTamperedAssertion},
		{"Refused: an assertion that was used before", t.refuseReplayedAssertion},
		{"Refused: credentials that expired", t.refuseExpiredSession},
	}
}

// sent and got print one line of the conversation.
func (t *Tour) sent(format string, args ...any) {
	fmt.Fprintf(t.out, "   %s %s\n", t.paint("33", "→"), clip(fmt.Sprintf(format, args...)))
}

func (t *Tour) got(format string, args ...any) {
	fmt.Fprintf(t.out, "   %s %s\n", t.paint("34", "←"), clip(fmt.Sprintf(format, args...)))
}

func (t *Tour) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// clip keeps a printed line readable.
func clip(s string) string {
	const most = 150
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// refused checks that err is the refusal that was expected, and prints it.
func (t *Tour) refused(err error, status int, code string) error {
	var api *awsclient.APIError
	switch {
	case err == nil:
		return fmt.Errorf("the call was answered, but should have been refused with %s", code)
	case !errors.As(err, &api):
		return err
	case api.Code != code || api.Status != status:
		return fmt.Errorf("refused with %d %s (%s), want %d %s", api.Status, api.Code, api.Message, status, code)
	}
	t.got("%d %s: %s", api.Status, api.Code, api.Message)
	return nil
}

// short abbreviates tokens.
func short(s string) string {
	if len(s) <= 24 {
		return s
	}
	return s[:16] + "…" + fmt.Sprintf("(%d characters)", len(s))
}

// ok reports whether p is a page that was answered with 200.
func ok(p *page) bool { return p.status == http.StatusOK }
