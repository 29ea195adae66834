package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestAttributesOverTheWire renames and removes an attribute of a pool with users, and
// searches for them, on both storage profiles. Tokens and lists follow at once.
func TestAttributesOverTheWire(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := servertest.Start(t, p, servertest.Options{})
		client, key := awsclient.New(s.URL(), "us-east-1"), &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		type obj = map[string]any
		ask := func(target string, in obj) (obj, error) {
			t.Helper()
			var out obj
			return out, client.JSON(t.Context(), target, in, &out, key)
		}
		call := func(target string, in obj) string {
			t.Helper()
			out, err := ask(target, in)
			if err != nil {
				t.Fatal(target, err)
			}
			text, err := json.Marshal(out)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		const idp = "AWSCognitoIdentityProviderService."
		pool, err := s.Pools.CreatePool(t.Context(), userpool.NewPool("p"), []userpool.SchemaAttribute{{Name: "team", Type: "String", Mutable: true, Max: "20"}})
		if err != nil {
			t.Fatal(err)
		}
		in := func(more obj) obj {
			more["UserPoolId"] = pool.ID
			return more
		}
		for _, name := range []string{"bob", "eve"} {
			call(idp+"AdminCreateUser", in(obj{"Username": name, "MessageAction": "SUPPRESS", "UserAttributes": []obj{{"Name": "custom:team", "Value": "Blue " + name}}}))
		}
		dry := call("Poolhouse.RenameCustomAttribute", in(obj{"AttributeName": "team", "NewName": "squad", "DryRun": true}))
		if !strings.Contains(dry, `"Applied":false`) || !strings.Contains(dry, `"UsersWithValue":2`) {
			t.Error(dry)
		}
		call("Poolhouse.RenameCustomAttribute", in(obj{"AttributeName": "team", "NewName": "squad"}))
		for _, answer := range []string{call(idp+"ListUsers", in(obj{})), call(idp+"AdminGetUser", in(obj{"Username": "bob"})), call("Poolhouse.SearchUsers", in(obj{"Text": "BLUE B"}))} {
			if !strings.Contains(answer, `{"Name":"custom:squad","Value":"Blue bob"}`) || strings.Contains(answer, "custom:team") {
				t.Error(answer)
			}
		}
		if found := call("Poolhouse.SearchUsers", in(obj{"Text": "blue b"})); strings.Contains(found, "eve") || !strings.Contains(found, `"Complete":true`) {
			t.Error(found)
		}
		for want, change := range map[string]obj{
			"PreconditionNotMetException": {"AttributeName": "squad", "Maximum": "3"},
			"ResourceNotFoundException":   {"AttributeName": "team", "Maximum": "3"},
			"InvalidParameterException":   {"AttributeName": "squad", "Maximum": "many"},
		} {
			if _, err := ask("Poolhouse.UpdateCustomAttribute", in(change)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
		call("Poolhouse.RemoveCustomAttribute", in(obj{"AttributeName": "squad"}))
		if answer := call(idp+"ListUsers", in(obj{})) + call("Poolhouse.SearchUsers", in(obj{"Text": "blue"})); strings.Contains(answer, "Blue") {
			t.Error(answer)
		}
	})
}
