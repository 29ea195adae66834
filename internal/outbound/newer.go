package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// ErrUnchanged is returned for a document that is still the one that was fetched before.
var ErrUnchanged = errors.New("outbound: document is unchanged")

// A Document is what was fetched, and how to ask for a newer one.
type Document struct {
	Body []byte
	ETag string // empty where the server gave none
}

// maxETag bounds what is kept of a server's validator, in bytes.
const maxETag = 256

// FetchNewer is Fetch for a document that was fetched before: with the ETag of that
// one, ErrUnchanged says that it still is what it was.
func (c *Client) FetchNewer(ctx context.Context, address, etag string, limit int) (*Document, error) {
	d := new(Document)
	var err error
	d.ETag, err = c.read(ctx, c.http, address, etag, func(r io.Reader) error {
		var err error
		d.Body, err = io.ReadAll(io.LimitReader(r, int64(limit)+1))
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(d.Body) > limit:
		return nil, ErrTooLarge
	}
	return d, nil
}

// streamTime is for all of a document that is read as it comes.
const streamTime = 5 * time.Minute

// ReadNewer is FetchNewer for a document that is too long to be kept: read gets it as it
// comes, and bounds it. It returns the ETag.
func (c *Client) ReadNewer(ctx context.Context, address, etag string, read func(io.Reader) error) (newETag string, err error) {
	patient := *c.http
	patient.Timeout = streamTime
	return c.read(ctx, &patient, address, etag, read)
}

func (c *Client) read(ctx context.Context, client *http.Client, address, etag string, read func(io.Reader) error) (newETag string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	if err := c.checkURL(u); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && etag != "":
		return "", ErrUnchanged
	case res.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%w: %s", ErrStatus, res.Status)
	}
	if newETag = res.Header.Get("ETag"); len(newETag) > maxETag {
		newETag = ""
	}
	return newETag, read(res.Body)
}
