package signout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// callTime bounds one call: an app that does not answer must not keep the others
// waiting.
const callTime = 5 * time.Second

// Tokens signs logout tokens. *userpool.Tokens does.
type Tokens interface {
	LogoutToken(ctx context.Context, c *userpool.Client, l userpool.Logout) (string, error)
}

// A Caller posts to addresses that apps name. *outbound.Client does.
type Caller interface {
	Post(ctx context.Context, address string, header http.Header, body []byte) (status int, err error)
}

// A Notifier posts logout tokens to apps (Back-Channel Logout section 2.5). It is
// the transport of an outbox.
type Notifier struct {
	Clients Clients
	Tokens  Tokens
	Caller  Caller
}

var _ message.Transport = (*Notifier)(nil)

// Deliver implements message.Transport. The token is signed anew for each try, under
// the same jti. A client that is gone, or wants to hear of nothing any more, is told
// nothing.
func (n *Notifier) Deliver(ctx context.Context, id string, m userpool.Mail) error {
	var f farewell
	if err := json.Unmarshal([]byte(m.Body), &f); err != nil {
		return fmt.Errorf("%w: %w", message.ErrPermanent, err)
	}
	c, err := n.Clients.Client(ctx, userpool.ClientID(m.To))
	if errors.Is(err, userpool.ErrClientNotFound) || err == nil && (c.Pool != m.Pool || c.OpenID.BackchannelLogout == "") {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := n.Tokens.LogoutToken(ctx, c, userpool.Logout{ID: id, Sub: f.Sub, SessionID: f.SID})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	status, err := n.Caller.Post(ctx, c.OpenID.BackchannelLogout, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		[]byte(url.Values{"logout_token": {token}}.Encode()))
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return fmt.Errorf("%w: %w", message.ErrPermanent, err)
	case err != nil:
		return err
	}
	return judge(status)
}

// judge says what a status means: a refusal stays one, trouble may pass.
func judge(status int) error {
	switch {
	case status == http.StatusOK || status == http.StatusNoContent:
		return nil
	case status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return fmt.Errorf("%w: the app answered %d", message.ErrPermanent, status)
	}
	return fmt.Errorf("the app answered %d", status)
}
