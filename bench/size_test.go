package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// sizes are the numbers to compare: a small one, and what a variable of the environment
// says, for instance 1000000.
func sizes(b *testing.B, variable string, small, large int) []int {
	if text := os.Getenv(variable); text != "" {
		var err error
		if large, err = strconv.Atoi(text); err != nil {
			b.Fatal(variable, ": ", err)
		}
	}
	return []int{small, large}
}

// What operations cost in a small pool and in a large one. Metrics: the CPU time of
// each in the large pool, and its ratio to the small one.
func BenchmarkPoolSize(b *testing.B) {
	onEach(b, func(w *world) {
		costs := map[string][]float64{}
		for _, size := range sizes(b, "BENCH_USERS", 1000, 20_000) {
			p := w.poolOf(size)
			for name, operation := range p.operations() {
				costs[name] = append(costs[name], w.cost(operation))
			}
		}
		w.ratios(costs)
	})
}

// ratios reports the costs of operations in a large world and their ratio to a small one.
func (w *world) ratios(costs map[string][]float64) {
	for name, c := range costs {
		w.ReportMetric(c[1], name+"-µs")
		w.ReportMetric(c[1]/c[0], name+"-x")
	}
	w.ReportMetric(0, "ns/op") // says nothing here
}

// cost is what an operation costs, in µs of CPU time.
func (w *world) cost(operation func()) float64 {
	operation() // what only the first one pays is no cost of each
	costs := make([]float64, max(w.N, 180))
	for i := range costs {
		w.operation = 0
		operation()
		costs[i] = w.operation
	}
	return typical(costs)
}

// A crowd is a pool with many users.
type crowd struct {
	*world
	pool   userpool.PoolID
	client string
	size   int
}

const crowdPassword = "Correct-horse-1"

// poolOf makes a pool with users of whom the one in the middle can sign in.
func (w *world) poolOf(size int) *crowd {
	w.Helper()
	var pool struct{ UserPool struct{ Id string } }
	w.admin(idp+"CreateUserPool", obj{"PoolName": fmt.Sprint(size), "AliasAttributes": []string{"email"}}, &pool)
	var client struct{ UserPoolClient struct{ ClientId string } }
	w.admin(idp+"CreateUserPoolClient", obj{"UserPoolId": pool.UserPool.Id, "ClientName": "app",
		"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}}, &client)
	c := &crowd{world: w, pool: userpool.PoolID(pool.UserPool.Id), client: client.UserPoolClient.ClientId, size: size}
	c.fill()
	w.admin(idp+"AdminSetUserPassword", obj{"UserPoolId": c.pool, "Username": c.name(size / 2), "Password": crowdPassword, "Permanent": true}, new(obj))
	return c
}

// name spreads users over the alphabet, so that neighbours in time are none in the
// indexes.
func (c *crowd) name(i int) string { return fmt.Sprintf("%x-user%07d", i*7919%4096, i) }

func (c *crowd) fill() {
	c.Helper()
	behind := c.server.Pools.Store.(interface{ Unwrap() userpool.Store }).Unwrap()
	store, ok := behind.(interface {
		CreateUsers(ctx context.Context, pool userpool.PoolID, users []*userpool.User) error
	})
	if !ok {
		c.Fatal("the store adds users one by one")
	}
	const batch = 500
	for from := 0; from < c.size; from += batch {
		users := make([]*userpool.User, 0, batch)
		for i := from; i < min(from+batch, c.size); i++ {
			users = append(users, c.user(i))
		}
		c.check(store.CreateUsers(c.Context(), c.pool, users))
	}
}

func (c *crowd) user(i int) *userpool.User {
	name, now := c.name(i), time.Now()
	return &userpool.User{Username: name, Sub: fmt.Sprintf("0d9f3b6a-7c1e-4f52-9a80-%012x", i), Status: userpool.Confirmed, Enabled: true,
		Created: now, Modified: now, PasswordChanged: now,
		Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true", "given_name": "User", "family_name": "Number" + name[:3]},
		Password:   "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		SRPSalt:    make([]byte, 16), SRPVerifier: make([]byte, 384)}
}

// operations are those to compare, by the names of their metrics.
func (c *crowd) operations() map[string]func() {
	member := c.name(c.size / 2)
	var page struct{ PaginationToken string }
	c.signed(idp+"ListUsers", obj{"UserPoolId": c.pool, "Limit": 60}, &page)
	half, group := srp.NewClient(), strings.SplitN(string(c.pool), "_", 2)[1]
	return map[string]func(){
		"sign-in": func() { c.signIn(half, group, member) },
		"AdminGetUser": func() {
			c.signed(idp+"AdminGetUser", obj{"UserPoolId": c.pool, "Username": member + "@example.com"}, new(obj))
		},
		"ListUsers": func() {
			c.signed(idp+"ListUsers", obj{"UserPoolId": c.pool, "Limit": 60, "PaginationToken": page.PaginationToken}, new(obj))
		},
		"ListUsers-filter": func() {
			c.signed(idp+"ListUsers", obj{"UserPoolId": c.pool, "Limit": 60, "Filter": `email ^= "` + member[:1] + `"`}, new(obj))
		},
		// One user of all, everybody, and nobody though every part of the text is common.
		"SearchUsers-one":    func() { c.search(member[3:]+"@ex", 1) },
		"SearchUsers-all":    func() { c.search("EXAMPLE.com", 60) },
		"SearchUsers-nobody": func() { c.search("example.com-user", 0) },
	}
}

// search finds a page of so many users.
func (c *crowd) search(text string, want int) {
	c.Helper()
	var page struct{ Users []obj }
	c.signed("Poolhouse.SearchUsers", obj{"UserPoolId": c.pool, "Text": text}, &page)
	if len(page.Users) != want {
		c.Fatalf("%d users with %q", len(page.Users), text)
	}
}

func (c *crowd) signIn(half *srp.Client, group, name string) {
	c.Helper()
	var first struct{ ChallengeParameters map[string]string }
	c.call(idp+"InitiateAuth", obj{"AuthFlow": "USER_SRP_AUTH", "ClientId": c.client,
		"AuthParameters": obj{"USERNAME": name + "@example.com", "SRP_A": half.Public.Text(16)}}, &first)
	answer, err := half.Answer(group, crowdPassword, first.ChallengeParameters, time.Now())
	c.check(err)
	var out tokens
	c.call(idp+"RespondToAuthChallenge", obj{"ChallengeName": "PASSWORD_VERIFIER", "ClientId": c.client, "ChallengeResponses": answer}, &out)
	if out.AuthenticationResult.IdToken == "" {
		c.Fatal("no token")
	}
}

// signed is a JSON operation signed with the root key, measured.
func (c *crowd) signed(target string, in obj, out any) {
	c.Helper()
	body, err := json.Marshal(in)
	c.check(err)
	r := httptest.NewRequest("POST", c.server.URL()+"/", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	service := "cognito-idp"
	if strings.HasPrefix(target, "Poolhouse.") {
		service = "poolhouse"
	}
	c.sign(r, &c.root, service, body)
	c.check(json.Unmarshal(c.serve(r).Body.Bytes(), out))
}
