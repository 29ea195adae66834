package outbound

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// An Answer is what a call brought back, whatever its status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Chain  []*x509.Certificate // that the server showed, its own first; nil without TLS
}

// Post sends a body and returns the status of the answer. It follows no redirect:
// what is signed for one address is not for another.
func (c *Client) Post(ctx context.Context, address string, header http.Header, body []byte) (status int, err error) {
	res, err := c.send(ctx, http.MethodPost, address, header, body)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// Call is Post for an answer that matters: it returns at most limit bytes of its
// body; more is ErrTooLarge.
func (c *Client) Call(ctx context.Context, address string, header http.Header, body []byte, limit int) (*Answer, error) {
	return c.ask(ctx, http.MethodPost, address, header, body, limit)
}

// Get is Call without a body: a Fetch that carries a header, which may hold a
// secret, and so follows no redirect either.
func (c *Client) Get(ctx context.Context, address string, header http.Header, limit int) (*Answer, error) {
	return c.ask(ctx, http.MethodGet, address, header, nil, limit)
}

func (c *Client) ask(ctx context.Context, method, address string, header http.Header, body []byte, limit int) (*Answer, error) {
	res, err := c.send(ctx, method, address, header, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > limit {
		return nil, ErrTooLarge
	}
	out := &Answer{Status: res.StatusCode, Header: res.Header, Body: answer}
	if res.TLS != nil {
		out.Chain = res.TLS.PeerCertificates
	}
	return out, nil
}

func (c *Client) send(ctx context.Context, method, address string, header http.Header, body []byte) (*http.Response, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	if err := c.checkURL(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header
	direct := *c.http
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return direct.Do(req)
}

// A Key signs calls to AWS, or to what speaks its protocols.
type Key struct {
	AccessKeyID, SecretAccessKey string
	SessionToken                 string // may be empty
}

// Sign adds Signature Version 4 to the header of a POST.
func (k Key) Sign(ctx context.Context, address string, header http.Header, body []byte, service, region string, now time.Time) (http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken},
		r, hex.EncodeToString(sum[:]), service, region, now)
	return r.Header, err
}
