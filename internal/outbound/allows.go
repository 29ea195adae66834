package outbound

import (
	"fmt"
	"net/netip"
	"net/url"
)

// Allows refuses an address whose form or host shows already that it must not be
// called. What a name leads to is judged by each call.
func (c *Client) Allows(u *url.URL) error {
	if err := c.checkURL(u); err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !c.allowPrivate && !IsPublic(ip) {
		return fmt.Errorf("%w: %s", ErrForbidden, ip)
	}
	return nil
}
