package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	if err := c.checkURL(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && etag != "":
		return nil, ErrUnchanged
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: %s", ErrStatus, res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > limit {
		return nil, ErrTooLarge
	}
	d := &Document{Body: body, ETag: res.Header.Get("ETag")}
	if len(d.ETag) > maxETag {
		d.ETag = ""
	}
	return d, nil
}
