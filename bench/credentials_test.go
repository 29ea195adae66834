package bench_test

import (
	"fmt"
	"net/url"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/sts"
)

// What calls cost when credentials have been issued, and when many more have been, for
// instance BENCH_CREDENTIALS=10000000. Metrics: the CPU time of each after the many, and
// its ratio to before.
func BenchmarkIssuedCredentials(b *testing.B) {
	onEach(b, func(w *world) {
		role := w.openRole()
		first, issued := w.assume(role), 0
		costs := map[string][]float64{}
		for _, size := range sizes(b, "BENCH_CREDENTIALS", 0, 20_000) {
			w.issue(role, size-issued)
			issued = size
			last := w.assume(role)
			for name, operation := range map[string]func(){
				"AssumeRole":               func() { w.assume(role) },
				"GetCallerIdentity-oldest": func() { w.whoami(&first) },
				"GetCallerIdentity-newest": func() { w.whoami(&last) },
			} {
				costs[name] = append(costs[name], w.cost(operation))
			}
		}
		w.ratios(costs)
	})
}

// openRole makes a role that the account may assume, and returns its ARN.
func (w *world) openRole() string {
	w.Helper()
	var out struct {
		ARN string `xml:"CreateRoleResult>Role>Arn"`
	}
	w.check(awsclient.New(w.server.URL(), demodata.Region).Query(w.Context(), "iam", "CreateRole", map[string]string{"RoleName": "issued",
		"AssumeRolePolicyDocument": fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole"}}`, demodata.Account)}, &out, &w.root))
	return out.ARN
}

// assume assumes a role as root, measured.
func (w *world) assume(role string) awsclient.Key {
	w.Helper()
	var out struct {
		Key    string `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
		Secret string `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
		Token  string `xml:"AssumeRoleResult>Credentials>SessionToken"`
	}
	w.query("AssumeRole", url.Values{"RoleArn": {role}, "RoleSessionName": {"issued"}}, &out, &w.root)
	return awsclient.Key{AccessKeyID: out.Key, SecretAccessKey: out.Secret, SessionToken: out.Token}
}

func (w *world) whoami(key *awsclient.Key) {
	w.Helper()
	var out struct {
		ARN string `xml:"GetCallerIdentityResult>Arn"`
	}
	if w.query("GetCallerIdentity", nil, &out, key); out.ARN == "" {
		w.Fatal("no caller")
	}
}

// issue has the service issue n credentials, each to a session of another name.
func (w *world) issue(role string, n int) {
	w.Helper()
	_, root, err := w.server.STS.Credential(w.Context(), w.root.AccessKeyID, "")
	w.check(err)
	const workers = 4
	errs := make([]error, workers)
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := worker; i < n && errs[worker] == nil; i += workers {
				_, errs[worker] = w.server.STS.AssumeRole(w.Context(), root, sts.AssumeRoleRequest{RoleARN: role, SessionName: fmt.Sprint("device-", i)})
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		w.check(err)
	}
}
