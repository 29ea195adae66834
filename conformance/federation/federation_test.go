package federation_test

import (
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestOpenID(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		r := newRig(t, s)
		r.openID(t, "Home")
		r.admit(t, "COGNITO", "Home")
		r.group(t, r.home, "engineers", r.home.Alice.Username)
		r.group(t, r.Fixture, "dev")
		r.settings(t, "Home", map[string]any{"GroupsClaim": "cognito:groups", "Groups": map[string]string{"engineers": "dev"}})

		b := harness.NewBrowser(t, nil)
		id, access := r.signIn(t, b, &r.home.Alice, oauth2.SetAuthURLParam("identity_provider", "Home"))
		subject := strings.TrimPrefix(id.Username, "Home_")
		if subject == id.Username || access.Name != id.Username || access.Sub != id.Sub {
			t.Errorf("%+v, %+v", id, access)
		}
		if len(id.Identities) != 1 || id.Identities[0].UserID != subject || id.Identities[0].ProviderName != "Home" || id.Identities[0].ProviderType != "OIDC" || id.Identities[0].Primary != "true" {
			t.Errorf("identities %+v", id.Identities)
		}
		for _, groups := range [][]string{id.Groups, access.Groups} {
			if !same(groups, "dev", r.PoolID+"_Home") {
				t.Errorf("groups %q", groups)
			}
		}
		if id.Email != r.home.Alice.Email || !id.Verified || id.Nickname != r.home.Alice.Username {
			t.Errorf("%+v", id)
		}
		status, attributes := r.user(t, id.Username)
		if status != types.UserStatusTypeExternalProvider || attributes["email"] != r.home.Alice.Email || attributes["sub"] != id.Sub || !strings.Contains(attributes["identities"], subject) {
			t.Errorf("%s, %v", status, attributes)
		}

		// A second sign-in is the same user's, who has left the group at home.
		group := "engineers"
		if _, err := r.home.Root().IDP.AdminRemoveUserFromGroup(t.Context(), &idp.AdminRemoveUserFromGroupInput{UserPoolId: &r.home.PoolID, GroupName: &group, Username: &r.home.Alice.Username}); err != nil {
			t.Fatal(err)
		}
		again, _ := r.signIn(t, harness.NewBrowser(t, nil), &r.home.Alice, oauth2.SetAuthURLParam("identity_provider", "Home"))
		if again.Sub != id.Sub || !same(again.Groups, r.PoolID+"_Home") {
			t.Errorf("%+v", again)
		}
	}, fetch)
}

func TestSAML(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		r := newRig(t, s)
		r.saml(t, "Corp", nil)
		r.admit(t, "Corp") // the only way in: no page of ours stands between
		r.group(t, r.home, "engineers", r.home.Alice.Username)
		r.group(t, r.Fixture, "dev")
		r.settings(t, "Corp", map[string]any{"GroupsClaim": "groups", "Groups": map[string]string{"engineers": "dev"}, "Domains": []string{"example.com"}})

		id, _ := r.signIn(t, harness.NewBrowser(t, nil), &r.home.Alice)
		if !strings.HasPrefix(id.Username, "Corp_") || id.Email != r.home.Alice.Email || !id.Verified || !same(id.Groups, "dev", r.PoolID+"_Corp") {
			t.Errorf("%+v", id)
		}
		if len(id.Identities) != 1 || id.Identities[0].ProviderType != "SAML" || id.Identities[0].Primary != "true" {
			t.Errorf("identities %+v", id.Identities)
		}
		if again, _ := r.signIn(t, harness.NewBrowser(t, nil), &r.home.Alice); again.Sub != id.Sub {
			t.Errorf("another user: %+v", again)
		}
		if other, _ := r.signIn(t, harness.NewBrowser(t, nil), &r.home.Bob); other.Sub == id.Sub {
			t.Errorf("one user for two: %+v", other)
		}
	}, fetch)
}

// TestLinkedByTheSDK: who is linked signs in as the user that is here.
func TestLinkedByTheSDK(t *testing.T) {
	s := harness.Start(t, harness.Embedded, fetch)
	r := newRig(t, s)
	r.openID(t, "Home")
	r.admit(t, "Home")
	attribute, destination, value := "email", "Cognito", r.home.Alice.Email
	provider := "Home"
	_, err := r.Root().IDP.AdminLinkProviderForUser(t.Context(), &idp.AdminLinkProviderForUserInput{UserPoolId: &r.PoolID,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: &destination, ProviderAttributeValue: &r.Bob.Username},
		SourceUser:      &types.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeName: &attribute, ProviderAttributeValue: &value}})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := r.signIn(t, harness.NewBrowser(t, nil), &r.home.Alice)
	if id.Username != r.Bob.Username || len(id.Identities) != 1 || id.Identities[0].Primary != "false" {
		t.Errorf("%+v", id)
	}
	if status, _ := r.user(t, r.Bob.Username); status != types.UserStatusTypeConfirmed {
		t.Error(status)
	}
}

// TestRefusedAtHome: an app hears that nobody signed in.
func TestRefusedAtHome(t *testing.T) {
	r := newRig(t, harness.Start(t, harness.Embedded, fetch))
	r.openID(t, "Home")
	r.admit(t, "COGNITO")
	q := harness.NewBrowser(t, nil).SignIn(t, r.app.AuthCodeURL("x", oauth2.SetAuthURLParam("identity_provider", "Home")), nil, harness.Callback).Query()
	if q.Get("error") != "invalid_request" || q.Get("state") != "x" {
		t.Error(q)
	}
}
