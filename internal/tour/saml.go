package tour

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// samlForm returns the SAMLResponse that a page would post, and where to.
func samlForm(p *page) (message, to string) {
	for _, f := range p.forms {
		if f.fields.Has("SAMLResponse") {
			return f.fields.Get("SAMLResponse"), f.action
		}
	}
	return "", ""
}

func hasSAMLResponse(p *page) bool { m, _ := samlForm(p); return m != "" }

func (t *Tour) aliceFills() map[string]string {
	return map[string]string{"username": t.at.alice.Username, "password": t.at.alice.Password}
}

// signInToSAMLApp signs in by SP-initiated SSO, as a browser does.
func (t *Tour) signInToSAMLApp(ctx context.Context) error {
	start, err := t.at.startSSO(t.Endpoint)
	if err != nil {
		return err
	}
	t.sent("GET %s, then the sign-in form as %s", start, t.at.alice.Username)
	p, err := t.browse(ctx, start, t.aliceFills(), hasSAMLResponse)
	if err != nil {
		return err
	}
	message, to := samlForm(p)
	if message == "" {
		return fmt.Errorf("no SAML response on the page at %s (status %d)", p.url.Path, p.status)
	}
	xml, err := base64.StdEncoding.DecodeString(message)
	if err != nil {
		return err
	}
	t.got("a signed SAML response of %d bytes for %s, posted to %s", len(xml), subject(xml), to)
	if !t.at.demo {
		return nil
	}
	p, err = t.browse(ctx, start, nil, func(p *page) bool { return ok(p) && !hasSAMLResponse(p) })
	if err != nil {
		return err
	}
	if !strings.Contains(p.body, t.at.alice.Email) {
		return fmt.Errorf("the app at %s does not know %s (status %d)", p.url.Path, t.at.alice.Email, p.status)
	}
	t.got("the app says: signed in as %s", t.at.alice.Email)
	return nil
}

var nameID = regexp.MustCompile(`<(?:\w+:)?NameID[^>]*>([^<]*)<`)

// subject shows the NameID; it is for people, the app verifies the signature.
func subject(xml []byte) string {
	if m := nameID.FindSubmatch(xml); m != nil {
		return string(m[1])
	}
	return "an encrypted subject"
}

// startSSO is where the browser starts: the demo's app, or our own request.
func (a target) startSSO(endpoint string) (string, error) {
	if a.demo {
		return endpoint + "/demo/saml/login", nil
	}
	request := fmt.Sprintf(`<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_%s" Version="2.0" IssueInstant="%s">`+
		`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">%s</saml:Issuer></samlp:AuthnRequest>`,
		randomHex(20), time.Now().UTC().Format(time.RFC3339), a.spEntity)
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write([]byte(request)); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	q := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(deflated.Bytes())}, "RelayState": {"tour"}}
	return endpoint + "/" + a.pool + "/saml/sso?" + q.Encode(), nil
}

// fetchAssertion gets a response for the AWS app by IdP-initiated sign-in.
func (t *Tour) fetchAssertion(ctx context.Context) error {
	start := t.Endpoint + "/" + t.at.pool + "/saml/init/" + t.at.awsApp
	t.sent("GET %s, in the same browser", start)
	p, err := t.browse(ctx, start, nil, hasSAMLResponse)
	if err != nil {
		return err
	}
	message, to := samlForm(p)
	if message == "" {
		return fmt.Errorf("no SAML response on the page at %s (status %d)", p.url.Path, p.status)
	}
	t.assertion = message
	t.got("an assertion of %d characters, made for %s", len(message), to)
	return nil
}

// assumed is the answer of AssumeRoleWithSAML.
type assumed struct {
	Credentials struct {
		AccessKeyId, SecretAccessKey, SessionToken, Expiration string
	} `xml:"AssumeRoleWithSAMLResult>Credentials"`
	Arn string `xml:"AssumeRoleWithSAMLResult>AssumedRoleUser>Arn"`
}

func (a *assumed) key() awsclient.Key {
	return awsclient.Key{AccessKeyID: a.Credentials.AccessKeyId, SecretAccessKey: a.Credentials.SecretAccessKey, SessionToken: a.Credentials.SessionToken}
}

func (t *Tour) exchange(ctx context.Context, provider, role, assertion string) (*assumed, error) {
	out := new(assumed)
	err := t.Query(ctx, "sts", "AssumeRoleWithSAML", map[string]string{
		"RoleArn": role, "PrincipalArn": provider, "SAMLAssertion": assertion}, out, nil)
	return out, err
}

func (t *Tour) assumeRoleWithSAML(ctx context.Context) error {
	t.sent("AssumeRoleWithSAML RoleArn=%s SAMLAssertion=%s", t.at.employeeRole, short(t.assertion))
	out, err := t.exchange(ctx, t.at.samlProvider, t.at.employeeRole, t.assertion)
	if err != nil {
		return err
	}
	t.employee = out.key()
	t.got("%s, key %s until %s", out.Arn, t.employee.AccessKeyID, out.Credentials.Expiration)
	return nil
}

func (t *Tour) callerIdentity(ctx context.Context, key awsclient.Key) (arn string, err error) {
	var out struct {
		Arn string `xml:"GetCallerIdentityResult>Arn"`
	}
	err = t.Query(ctx, "sts", "GetCallerIdentity", nil, &out, &key)
	return out.Arn, err
}

func (t *Tour) whoAmI(ctx context.Context) error {
	t.sent("GetCallerIdentity, signed with %s", t.employee.AccessKeyID)
	arn, err := t.callerIdentity(ctx, t.employee)
	if err != nil {
		return err
	}
	if !strings.Contains(arn, ":assumed-role/") {
		return fmt.Errorf("caller is %q, want an assumed role", arn)
	}
	t.got("%s", arn)
	return nil
}

func (t *Tour) refuseTamperedAssertion(ctx context.Context) error {
	xml, err := base64.StdEncoding.DecodeString(t.assertion)
	if err != nil {
		return err
	}
	changed := bytes.ReplaceAll(xml, []byte(t.at.alice.Email), []byte(t.at.bob.Email))
	if bytes.Equal(changed, xml) {
		return errors.New("the assertion does not name the user, so there is nothing to change")
	}
	t.sent("AssumeRoleWithSAML with %s changed into %s", t.at.alice.Email, t.at.bob.Email)
	_, err = t.exchange(ctx, t.at.samlProvider, t.at.employeeRole, base64.StdEncoding.EncodeToString(changed))
	return t.refused(err, 400, "InvalidIdentityToken")
}

func (t *Tour) refuseReplayedAssertion(ctx context.Context) error {
	t.sent("AssumeRoleWithSAML with the assertion of step 2 again")
	_, err := t.exchange(ctx, t.at.samlProvider, t.at.employeeRole, t.assertion)
	return t.refused(err, 400, "InvalidIdentityToken")
}

// refuseExpiredSession makes a session of two seconds: its own identity
// provider says so in SessionNotOnOrAfter. Then it waits, and uses it.
func (t *Tour) refuseExpiredSession(ctx context.Context) error {
	const life = 2 * time.Second
	assertion, err := t.at.shortLived.Assertion(t.at.shortRole, t.at.shortProvider, life)
	if err != nil {
		return err
	}
	t.sent("AssumeRoleWithSAML with SessionNotOnOrAfter in %v, then a pause, then GetCallerIdentity", life)
	out, err := t.exchange(ctx, t.at.shortProvider, t.at.shortRole, assertion)
	if err != nil {
		return err
	}
	select {
	case <-time.After(life + time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err = t.callerIdentity(ctx, out.key())
	return t.refused(err, 403, "ExpiredToken")
}
