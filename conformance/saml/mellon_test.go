package saml_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestMellon signs in to Apache with mod_auth_mellon, which wants its requests
// signed, the responses signed and the assertions encrypted for it.
func TestMellon(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		joinGroups(t, f, f.Alice.Username, "ops", "staff")
		sp := startApache(t, fetch(t, f.URL+"/"+f.PoolID+"/saml/metadata"))
		app := f.SAMLApplication(t, "mellon", string(fetch(t, sp.url+"/mellon/metadata")), true)
		initiate := f.URL + "/" + f.PoolID + "/saml/init/" + app.Application.ApplicationId

		t.Run("SP-initiated, then single sign-on", func(t *testing.T) {
			b := harness.NewBrowser(t, nil)
			name := wantAlice(t, f, walkToApp(t, b, sp.secret(), &f.Alice), transient)
			forgetApp(t, b, sp)
			if again := wantAlice(t, f, b.Walk(t, sp.secret(), nil, nil), transient); again == name {
				t.Errorf("the transient name %s came twice", name)
			}
		})
		t.Run("IdP-initiated", func(t *testing.T) {
			b := harness.NewBrowser(t, nil)
			wantAlice(t, f, b.Walk(t, initiate+"?RelayState="+url.QueryEscape(sp.secret()), &f.Alice, nil), regexp.QuoteMeta(f.Alice.Email))
		})
		t.Run("passive", func(t *testing.T) { testPassive(t, f, sp) })
	})
}

// walkToApp signs in, and checks on the way that the response hides the user.
func walkToApp(t *testing.T, b *harness.Browser, address string, who *harness.Person) *harness.Page {
	t.Helper()
	seen := false
	p := b.Walk(t, address, who, func(p *harness.Page) bool {
		if form := p.Form("SAMLResponse"); form != nil {
			seen = true
			xml, err := base64.StdEncoding.DecodeString(form.Fields.Get("SAMLResponse"))
			if err != nil || !strings.Contains(string(xml), "EncryptedAssertion") || strings.Contains(string(xml), who.Email) {
				t.Errorf("the assertion is not encrypted (%v): %s", err, xml)
			}
		}
		return false
	})
	if !seen {
		t.Error("no SAML response on the way")
	}
	return p
}

// The app sees the user by the name that mellon asks for: a transient one. Where
// nobody asked, it is what the app was registered with.
const transient = `_[0-9a-f]{40}`

// wantAlice checks the app's page, and returns the name of the user on it.
func wantAlice(t *testing.T, f *harness.Fixture, p *harness.Page, nameID string) string {
	t.Helper()
	want := regexp.MustCompile(`^NAMEID=(` + nameID + `) MAIL=` + regexp.QuoteMeta(f.Alice.Email) + ` GROUPS=ops;staff CONSTANT=a constant\n$`)
	m := want.FindStringSubmatch(p.Body)
	if p.Status != http.StatusOK || m == nil {
		t.Fatalf("the app at %s answers %d\n%s\nwant\n%s", p.URL, p.Status, p.Body, want)
	}
	return m[1]
}

// forgetApp ends the app's session alone: the app is asked to delete its cookie.
func forgetApp(t *testing.T, b *harness.Browser, sp *apache) {
	t.Helper()
	p := b.Open(t, sp.url+"/mellon/invalidate?ReturnTo="+url.QueryEscape(sp.url+"/"))
	if !p.Redirects() {
		t.Fatalf("mellon does not forget its session: %d %s", p.Status, p.Body)
	}
	if p := b.Open(t, sp.secret()); !strings.Contains(p.URL.Path, "/mellon/login") {
		t.Fatalf("mellon has a session still: %s", p.URL)
	}
}

// testPassive asks without a page: refused to a stranger, granted to a session.
func testPassive(t *testing.T, f *harness.Fixture, sp *apache) {
	passive := sp.url + "/mellon/login?IsPassive=true&ReturnTo=" + url.QueryEscape(sp.secret())
	b := harness.NewBrowser(t, nil)
	p := b.Walk(t, passive, &f.Alice, func(p *harness.Page) bool { return p.Form("password") != nil })
	if p.Form("password") != nil {
		t.Fatal("a passive request was answered with a page")
	}
	if log := sp.errors(t); !strings.Contains(log, "NoPassive") {
		t.Fatalf("mellon answers %d at %s and knows no NoPassive:\n%s", p.Status, p.URL, log)
	}
	if p := b.Open(t, sp.secret()); !p.Redirects() {
		t.Fatalf("a refused sign-in opened the app: %d %s", p.Status, p.Body)
	}
	wantAlice(t, f, b.Walk(t, sp.secret(), &f.Alice, nil), transient)
	forgetApp(t, b, sp)
	wantAlice(t, f, b.Walk(t, passive, nil, nil), transient)
}

func joinGroups(t *testing.T, f *harness.Fixture, username string, groups ...string) {
	t.Helper()
	api := f.Root().IDP
	for _, g := range groups {
		if _, err := api.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String(g)}); err != nil {
			t.Fatal(err)
		}
		_, err := api.AdminAddUserToGroup(t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: &f.PoolID, GroupName: &g, Username: &username})
		if err != nil {
			t.Fatal(err)
		}
	}
}
