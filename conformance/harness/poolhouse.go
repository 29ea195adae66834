package harness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Poolhouse calls an operation of the server's own service with the root key.
// It decodes a successful answer into out, and fails the test on any other.
func (s *Server) Poolhouse(t testing.TB, operation string, in, out any) {
	t.Helper()
	if err := s.TryPoolhouse(t.Context(), operation, in, out); err != nil {
		t.Fatal(err)
	}
}

// TryPoolhouse is Poolhouse for a call that may be refused.
func (s *Server) TryPoolhouse(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "Poolhouse."+operation)
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(ctx, key, req, hex.EncodeToString(sum[:]), "poolhouse", Region, time.Now()); err != nil {
		return err
	}
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %s", operation, resp.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
}

// A SAMLApp is what CreateSamlApplication answers with.
type SAMLApp struct {
	Application struct {
		ApplicationId, EntityId string
		AcsUrls                 []string
	}
}

// SAMLApplication registers an app that is told e-mail address and groups.
func (f *Fixture) SAMLApplication(t testing.TB, name, metadata string, encrypt bool) *SAMLApp {
	t.Helper()
	type attribute struct{ Name, NameFormat, Value string }
	const uri = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	app := new(SAMLApp)
	f.Poolhouse(t, "CreateSamlApplication", map[string]any{
		"UserPoolId": f.PoolID, "Name": name, "MetadataXml": metadata, "NameIdFormat": "emailAddress",
		"SignResponse": true, "SignAssertion": true, "EncryptAssertion": encrypt,
		"Attributes": []attribute{
			{"urn:oid:0.9.2342.19200300.100.1.3", uri, "email"},
			{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", uri, "groups"},
			{"urn:example:constant", uri, `"a constant"`},
		}}, app)
	return app
}
