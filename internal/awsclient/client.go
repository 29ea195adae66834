// Package awsclient calls a server by AWS's three wire formats, with no SDK in
// between, so that what was sent can be shown. The tour and apply use it.
package awsclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A Key is a set of AWS credentials. SessionToken is empty for a long-term key.
type Key struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// An APIError is a refusal in AWS terms.
type APIError struct {
	Status        int
	Code, Message string
}

func (e *APIError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// A Client calls one server. Its HTTP client keeps cookies and does not follow
// redirects, so that it serves as a browser too.
type Client struct {
	Endpoint string // without a slash at the end
	Region   string
	HTTP     *http.Client
	signer   *v4.Signer
}

// New returns a client of the server at endpoint.
func New(endpoint, region string) *Client {
	jar, _ := cookiejar.New(nil) // fails for a bad option only, and there is none
	return &Client{
		Endpoint: strings.TrimRight(endpoint, "/"),
		Region:   region,
		HTTP:     &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		signer:   v4.NewSigner(),
	}
}

// JSON calls a JSON 1.1 operation. key is nil for an unsigned call.
func (c *Client) JSON(ctx context.Context, target string, in, out any, key *Key) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	h := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	return c.call(ctx, "POST", "/", signingName(target), h, body, key, func(b []byte) error { return json.Unmarshal(b, out) })
}

// Query calls an operation of STS or IAM. out is the result element's content.
func (c *Client) Query(ctx context.Context, service, action string, in map[string]string, out any, key *Key) error {
	form := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	if service == "iam" {
		form.Set("Version", "2010-05-08")
	}
	for k, v := range in {
		form.Set(k, v)
	}
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	return c.call(ctx, "POST", "/", service, h, []byte(form.Encode()), key, func(b []byte) error {
		if out == nil {
			return nil
		}
		return xml.Unmarshal(b, out)
	})
}

// REST calls a REST-JSON operation. path is escaped already.
func (c *Client) REST(ctx context.Context, method, path string, in, out any, key *Key) error {
	var body []byte
	h := http.Header{}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		h.Set("Content-Type", "application/json")
	}
	return c.call(ctx, method, path, "cognito-sync", h, body, key, func(b []byte) error {
		if out == nil {
			return nil
		}
		return json.Unmarshal(b, out)
	})
}

// Stream asks for an answer that does not end: the caller reads and closes it. path is
// escaped already.
func (c *Client) Stream(ctx context.Context, path, service string, h http.Header, key *Key) (io.ReadCloser, error) {
	req, err := c.request(ctx, http.MethodGet, path, service, h, nil, key)
	if err != nil {
		return nil, err
	}
	patient := *c.HTTP
	patient.Timeout = 0
	resp, err := patient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return nil, apiError(resp, answer)
}

// maxAnswer bounds an answer in bytes: a dataset of 1 MB, escaped in JSON.
const maxAnswer = 8 << 20

// request makes a request, signed unless key is nil.
func (c *Client) request(ctx context.Context, method, path, service string, h http.Header, body []byte, key *Key) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = h
	if key == nil {
		return req, nil
	}
	sum := sha256.Sum256(body)
	creds := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}
	return req, c.signer.SignHTTP(ctx, creds, req, hex.EncodeToString(sum[:]), service, c.Region, time.Now())
}

func (c *Client) call(ctx context.Context, method, path, service string, h http.Header, body []byte, key *Key, decode func([]byte) error) error {
	req, err := c.request(ctx, method, path, service, h, body, key)
	if err != nil {
		return err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return apiError(resp, answer)
	}
	return decode(answer)
}

// apiError reads an error of any of the three formats.
func apiError(resp *http.Response, body []byte) error {
	e := &APIError{Status: resp.StatusCode, Code: strings.TrimSuffix(resp.Header.Get("X-Amzn-Errortype"), ":")}
	var j struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	var x struct {
		Error struct{ Code, Message string }
	}
	switch {
	case json.Unmarshal(body, &j) == nil:
		e.Message = j.Message
		if e.Code == "" {
			e.Code = j.Type
		}
	case xml.Unmarshal(body, &x) == nil:
		e.Code, e.Message = x.Error.Code, x.Error.Message
	}
	return e
}

func signingName(target string) string {
	switch {
	case strings.HasPrefix(target, "AWSCognitoIdentityProviderService."):
		return "cognito-idp"
	case strings.HasPrefix(target, "AWSCognitoIdentityService."):
		return "cognito-identity"
	case strings.Contains(target, "CloudTrail_20131101."):
		return "cloudtrail"
	case strings.HasPrefix(target, "TrentService."):
		return "kms"
	}
	return "poolhouse"
}
