package authz_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/demodata"
)

// decided returns the log's records of decisions about a client's address.
func (g *rig) decided(client string) (records []string) {
	g.t.Helper()
	var out struct {
		Events []struct{ CloudTrailEvent string }
	}
	err := awsclient.New(g.URL(), demodata.Region).JSON(g.t.Context(), "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
		map[string]any{"LookupAttributes": []map[string]string{{"AttributeKey": "EventName", "AttributeValue": "AuthorizeRequest"}}}, &out,
		&awsclient.Key{AccessKeyID: demodata.RootAccessKeyID, SecretAccessKey: demodata.RootSecretAccessKey})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, e := range out.Events {
		if strings.Contains(e.CloudTrailEvent, `"sourceIPAddress":"`+client+`"`) {
			records = append(records, e.CloudTrailEvent)
		}
	}
	return records
}

// What is refused to somebody stands in the audit log, with who it was and without
// anything that they sent to prove it.
func TestRefusalsAreAudited(t *testing.T) {
	g, client, token := newRig(t, "nginx"), "192.0.2.77", newRig(t, "nginx").token(demodata.Bob)
	ask := func(r *http.Request) *http.Request {
		r = asks["nginx"](r)
		r.Header.Set("X-Forwarded-For", client)
		return r
	}
	g.want("forbidden", ask(g.signed(spec{method: "GET", uri: "/files/blue/a?session=hunter2", header: http.Header{"Cookie": {"id=hunter2"}}})), http.StatusForbidden)
	g.want("forbidden again", ask(g.signed(spec{method: "GET", uri: "/files/blue/a"})), http.StatusForbidden)
	forged := g.signed(spec{method: "GET", uri: "/files/red/a"})
	forged.Header.Set("Authorization", forged.Header.Get("Authorization")[:200]+"hunter2")
	g.want("forged", ask(forged), http.StatusUnauthorized)
	g.want("in no group", ask(g.bearing(spec{method: "GET", uri: "/reports/q3"}, token)), http.StatusForbidden)
	g.want("a token that is none", ask(g.bearing(spec{method: "GET", uri: "/reports/q3"}, "hunter2")), http.StatusUnauthorized)
	g.want("nothing to show", ask(g.plain(spec{method: "GET", uri: "/files/red/a"})), http.StatusUnauthorized)
	g.want("allowed", ask(g.signed(spec{method: "GET", uri: "/files/red/a"})), http.StatusOK)

	records := g.decided(client)
	if len(records) != 4 {
		t.Fatalf("%d records: %s", len(records), strings.Join(records, "\n"))
	}
	for _, r := range records {
		if strings.Contains(r, "hunter2") || strings.Contains(r, token) || strings.Contains(r, "Signature=") {
			t.Errorf("a secret is in %s", r)
		}
	}
	var first struct {
		UserIdentity           struct{ Type, ARN, AccessKeyID, UserName string }
		EventType, EventSource string
		ErrorCode              string
		ReadOnly               bool
		RequestParameters      struct{ Host, Method, Path, Rule, Action string }
		Resources              []struct{ ARN string }
	}
	if err := json.Unmarshal([]byte(records[3]), &first); err != nil {
		t.Fatal(err)
	}
	if p := first.RequestParameters; first.UserIdentity.Type != "IAMUser" || first.UserIdentity.UserName != "ann" || first.UserIdentity.AccessKeyID != g.key.AccessKeyID ||
		first.ErrorCode != "AccessDenied" || !first.ReadOnly || first.EventType != "AwsServiceEvent" || first.EventSource != "poolhouse.amazonaws.com" ||
		p.Host != host || p.Method != "GET" || p.Path != "/files/blue/a" || p.Rule != "/files/{tenant}/{name...}" || p.Action != "files:Read" ||
		len(first.Resources) != 1 || first.Resources[0].ARN != "arn:aws:files:::blue/a" {
		t.Errorf("record %s", records[3])
	}
	for i, want := range map[int]string{2: `"principalId":"Anonymous"`, 1: `"userName":"bob"`} { // the forged one, and bob's
		if !strings.Contains(records[i], want) {
			t.Errorf("no %s in %s", want, records[i])
		}
	}
}
