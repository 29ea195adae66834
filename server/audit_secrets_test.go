package server_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

// mark is what the log must never hold.
const mark = "hunter2"

// secretMembers is what this test calls secret, by itself: not by the list that the
// server goes by.
var secretMembers = regexp.MustCompile(`(?i)password|secret|token|assertion|privatekey|session$|^code$|code$|logins|` +
	`authparameters|challengeresponses|policydocument$|^policy$|userattributes|clientmetadata|usercontextdata|credential$`)

var plainMembers = regexp.MustCompile(`(?i)^(next|pagination|starting)token$|clientsecretid|countrycode|loginstoremove|tokenuse|pretokengeneration`)

// A sampler makes inputs with the mark in every text that is secret, or lies in
// something that is.
type sampler struct {
	m     *models.Model
	depth int
}

func (s *sampler) value(shape int, secret bool) any {
	n := &s.m.Shapes[shape]
	secret = secret || n.Sensitive && n.Name != "ClientIdType" // which everybody may know
	s.depth++
	defer func() { s.depth-- }()
	switch n.Kind {
	case models.Structure:
		out := map[string]any{}
		for _, m := range n.Members {
			if s.depth < 6 {
				out[m.Name] = s.value(m.Shape, secret && n.Sensitive || secretMembers.MatchString(m.Name) && !plainMembers.MatchString(m.Name))
			}
		}
		return out
	case models.List:
		return []any{s.value(n.Elem, secret)}
	case models.Map:
		return map[string]any{"key": s.value(n.Elem, secret)}
	case models.String:
		if secret {
			return mark
		}
		return "x"
	case models.Boolean:
		return true
	case models.Integer, models.Long, models.Double:
		return 1
	case models.Timestamp:
		return 1
	}
	return "aHVudGVyMg==" // a blob: the mark in base64
}

// flat writes a value as the parameters of a query.
func flat(prefix string, v any, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			flat(strings.TrimPrefix(prefix+"."+name, "."), inner, out)
		}
	case []any:
		for i, inner := range v {
			flat(fmt.Sprintf("%s.member.%d", prefix, i+1), inner, out)
		}
	default:
		out[prefix] = fmt.Sprint(v)
	}
}

// TestNoSecretIsRecorded calls every operation of every service with marked secrets,
// and looks for them in the log.
func TestNoSecretIsRecorded(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Edit: func(c *server.Config) { c.RateLimits = "off" }})
	client := awsclient.New(s.URL(), "us-east-1")
	root := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	called := 0
	for _, m := range models.All() {
		for _, op := range m.Operations {
			if op.Input == models.None {
				continue
			}
			in, ok := (&sampler{m: m}).value(op.Input, false).(map[string]any)
			if !ok {
				t.Fatalf("%s has no structure for input", op.Name)
			}
			called++
			switch m.Protocol { // every call is refused by now: what counts is what was recorded of it
			case models.JSON:
				_ = client.JSON(t.Context(), m.TargetPrefix+"."+op.Name, in, nil, root)
			case models.Query:
				params := map[string]string{}
				flat("", in, params)
				_ = client.Query(t.Context(), m.Service, op.Name, params, nil, root)
			case models.RESTJSON:
				path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllLiteralString(op.URI, url.PathEscape("us-east-1:x"))
				_ = client.REST(t.Context(), op.Method, path, in, nil, root)
			}
		}
	}
	events := recorded(t, client, root)
	if len(events) < 250 {
		t.Errorf("%d events of %d calls", len(events), called)
	}
	params := 0
	for _, e := range events {
		if strings.Contains(e, mark) || strings.Contains(e, "aHVudGVyMg") {
			t.Errorf("a secret is in %s", e)
		}
		if strings.Contains(e, `"requestParameters":{`) {
			params++
		}
	}
	if params < 200 {
		t.Errorf("only %d records show parameters: the calls do not get far enough", params)
	}
}

// recorded returns all records of the log.
func recorded(t *testing.T, client *awsclient.Client, key *awsclient.Key) (records []string) {
	t.Helper()
	for token := ""; ; {
		in := map[string]any{}
		if token != "" {
			in["NextToken"] = token
		}
		var out struct {
			Events    []struct{ CloudTrailEvent string }
			NextToken string
		}
		if err := client.JSON(t.Context(), models.Find("cloudtrail").TargetPrefix+".LookupEvents", in, &out, key); err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Events {
			records = append(records, e.CloudTrailEvent)
		}
		if token = out.NextToken; token == "" {
			return records
		}
	}
}
