// Command poolhouse is a self-hosted identity provider: Cognito-style user
// pools, SAML and OpenID sign-in, temporary cloud credentials, data sync.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// An env is what a command may use of the process.
type env struct {
	ctx            context.Context
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands is the command line.
type commands struct {
	Serve      serveCmd      `cmd:"" help:"Run the server."`
	Demo       demoCmd       `cmd:"" help:"Run a server with everything in it, seeded and embedded; print what to try."`
	Tour       tourCmd       `cmd:"" help:"Run the whole job as a client against a server, step by step."`
	Apply      applyCmd      `cmd:"" help:"Make a server match a YAML file: pools, clients, groups, users, SAML apps, roles, identity pools."`
	Export     exportCmd     `cmd:"" help:"Write everything a database holds into one file, sealed to an age recipient."`
	Restore    restoreCmd    `cmd:"" help:"Fill an empty database from such a file."`
	Doctor     doctorCmd     `cmd:"" help:"Examine a configuration and what it names, and say how to mend what is wrong."`
	Audit      auditCmd      `cmd:"" help:"Check the audit log, or write it out."`
	Breach     breachCmd     `cmd:"" help:"Make lists of compromised passwords."`
	Import     importCmd     `cmd:"" help:"Bring what another system has."`
	GatewayKey gatewayKeyCmd `cmd:"" help:"Print the key that an S3 gateway signs its calls with, or make another."`

	Login       loginCmd       `cmd:"" help:"Sign in, in a browser here or elsewhere, for temporary credentials on the command line."`
	Logout      logoutCmd      `cmd:"" help:"End such a sign-in."`
	Credentials credentialsCmd `cmd:"" help:"Print the credentials of such a sign-in, as AWS SDKs read them from a credential_process."`
	Agent       agentCmd       `cmd:"" help:"Serve them to containers and SDKs beside it."`

	Sync syncCmd `cmd:"" help:"Read and write the data that devices synchronise."`

	Version versionCmd `cmd:"" help:"Print the version."`
}

// errUsage marks an error of the command line itself: exit code 2.
var errUsage = errors.New("usage")

// run runs the command line and returns the exit code: 0 for success, 1 for a
// failure, 2 for a command line that makes no sense.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := dispatch(&env{ctx, getenv, stdin, stdout, stderr}, args)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "poolhouse:", err)
		return 2
	}
	fmt.Fprintln(stderr, "poolhouse:", err)
	return 1
}

// helpShown ends the parse after help was printed.
type helpShown struct{}

func dispatch(e *env, args []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(helpShown); !ok {
				panic(r)
			}
		}
	}()
	var cli commands
	settings, err := fileSettings(e.getenv, args)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	parser, err := kong.New(&cli,
		kong.Name("poolhouse"),
		kong.Description("A self-hosted identity provider: your Cognito app and your SAML sign-on, from one binary of your own."),
		kong.Writers(e.stdout, e.stderr),
		kong.Exit(func(int) { panic(helpShown{}) }),
		kong.Resolvers(resolver(e.getenv, settings)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return command.Run(e)
}
