// Package nodes_test checks what a deployment promises: acknowledged writes
// survive a kill, and two processes on the same stores are one service.
package nodes_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestKillLosesNothing kills the server at random moments of a stream of
// writes. Every user whose creation was acknowledged must be there afterwards.
func TestKillLosesNothing(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		var acknowledged []string
		rounds := 5
		if os.Getenv("POOLHOUSE_LONG") != "" {
			rounds = 50
		}
		for round := range rounds {
			acknowledged = append(acknowledged, writeUntilKilled(t, f, round)...)
			s.Launch(t)
		}
		if len(acknowledged) == 0 {
			t.Fatal("no write was acknowledged")
		}
		for _, name := range acknowledged {
			u, err := s.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &f.PoolID, Username: &name})
			if err != nil {
				t.Fatalf("user %s was acknowledged: %v", name, err)
			}
			if u.UserStatus != types.UserStatusTypeForceChangePassword {
				t.Errorf("user %s is half there: %s", name, u.UserStatus)
			}
		}
		t.Logf("%d acknowledged writes, all there after %d kills", len(acknowledged), rounds)
	})
}

func writeUntilKilled(t *testing.T, f *harness.Fixture, round int) (acknowledged []string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := fmt.Sprintf("user-%d-%d-%d", round, worker, i)
				_, err := f.Root().IDP.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: &f.PoolID, Username: &name,
					TemporaryPassword: aws.String("Temporary-1"), MessageAction: types.MessageActionTypeSuppress})
				if err != nil {
					return // the server is gone
				}
				mu.Lock()
				acknowledged = append(acknowledged, name)
				mu.Unlock()
			}
		})
	}
	// Kill once the stream runs, at a moment that differs from round to round.
	for want := 2 + 3*(round%10); ; {
		mu.Lock()
		n := len(acknowledged)
		mu.Unlock()
		if n >= want || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	f.Kill(t)
	wg.Wait()
	return acknowledged
}

// TestTwoNodesServeOneFlow has each step of a sign-in answered by the other of
// two processes.
func TestTwoNodesServeOneFlow(t *testing.T) {
	s := harness.Start(t, harness.Shared)
	f := s.Fixture(t)
	nodes := []*harness.AWS{s.Anonymous(), s.Second(t).Anonymous()}
	turn := 0
	next := func() *idp.Client { turn++; return nodes[turn%2].IDP }

	name, password := aws.String("grace"), "Permanent-2"
	_, err := s.Root().IDP.AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{UserPoolId: &f.PoolID, Username: name, TemporaryPassword: aws.String("Temporary-1"), MessageAction: types.MessageActionTypeSuppress})
	if err != nil {
		t.Fatal(err)
	}
	step, err := next().InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": *name, "PASSWORD": "Temporary-1"}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := next().RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{ClientId: &f.ClientID, ChallengeName: step.ChallengeName, Session: step.Session,
		ChallengeResponses: map[string]string{"USERNAME": *name, "NEW_PASSWORD": password}})
	if err != nil {
		t.Fatal(err)
	}
	token := out.AuthenticationResult
	for range 4 {
		if _, err := next().GetUser(t.Context(), &idp.GetUserInput{AccessToken: token.AccessToken}); err != nil {
			t.Fatal(err)
		}
		r, err := next().InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": *token.RefreshToken}})
		if err != nil {
			t.Fatal(err)
		}
		token.AccessToken = r.AuthenticationResult.AccessToken
	}
	if _, err := next().GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: token.AccessToken}); err != nil {
		t.Fatal(err)
	}
	_, err = next().GetUser(t.Context(), &idp.GetUserInput{AccessToken: token.AccessToken})
	harness.WantCode(t, err, "NotAuthorizedException", "Access Token has been revoked")
}

// TestTour takes the tour of a server on each storage profile.
func TestTour(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		cmd := exec.Command(harness.Binary(t), "tour", "--endpoint", s.URL)
		cmd.Env = append(cmd.Environ(), "POOLHOUSE_ROOT_ACCESS_KEY_ID="+s.AccessKeyID, "POOLHOUSE_ROOT_SECRET_ACCESS_KEY="+s.SecretAccessKey)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("All 13 steps passed.")) {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
