package push

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// A Caller makes calls to Amazon SNS. *message.SNS does.
type Caller interface {
	Call(ctx context.Context, form url.Values) (*outbound.Answer, error)
}

// A Transport delivers pushes through SNS. It makes the endpoint of a device there
// with the device's first push, and once more where it was deleted.
type Transport struct {
	Devices *device.Service
	SNS     Caller
}

var _ message.Transport = (*Transport)(nil)

// Deliver implements message.Transport. A device that is gone, or whose pool pushes
// no more, is told nothing.
func (t *Transport) Deliver(ctx context.Context, _ string, m userpool.Mail) error {
	var n Notice
	if err := json.Unmarshal([]byte(m.Body), &n); err != nil {
		return fmt.Errorf("%w: %w", message.ErrPermanent, err)
	}
	d, err := t.Devices.Store.Device(ctx, n.owner(), device.ID(m.To))
	if errors.Is(err, dataset.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	application, err := t.Devices.Application(ctx, d.Owner.Pool, d.Platform)
	if errors.Is(err, device.ErrConfiguration) || errors.Is(err, dataset.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if d.Endpoint == "" {
		if d.Endpoint, err = t.endpoint(ctx, application, d); err != nil {
			return err
		}
	}
	return t.publish(ctx, d, &n)
}

// existing is how SNS says that a token has an endpoint with other attributes.
var existing = regexp.MustCompile(`Endpoint (arn:aws[\w-]*:sns:\S+) already exists with the same Token`)

// endpoint makes the endpoint of a device, or finds the one that it has.
func (t *Transport) endpoint(ctx context.Context, application string, d *device.Device) (string, error) {
	a, err := t.SNS.Call(ctx, url.Values{"Action": {"CreatePlatformEndpoint"}, "PlatformApplicationArn": {application}, "Token": {d.Token}})
	if err != nil {
		return "", err
	}
	var made struct {
		ARN string `xml:"CreatePlatformEndpointResult>EndpointArn"`
	}
	if a.Status == http.StatusOK {
		if err := xml.Unmarshal(a.Body, &made); err != nil || made.ARN == "" {
			return "", errors.New("sns: an endpoint without an ARN")
		}
	} else if m := existing.FindSubmatch(a.Body); m != nil {
		made.ARN = string(m[1])
	} else {
		return "", refusal("endpoint", a)
	}
	return made.ARN, t.Devices.Store.SetEndpoint(ctx, d, made.ARN)
}

func (t *Transport) publish(ctx context.Context, d *device.Device, n *Notice) error {
	form, err := publication(d, n)
	if err != nil {
		return fmt.Errorf("%w: %w", message.ErrPermanent, err)
	}
	a, err := t.SNS.Call(ctx, form)
	switch {
	case err != nil:
		return err
	case a.Status/100 == 2:
		return nil
	case a.Status == http.StatusNotFound: // somebody deleted it; the next try makes another
		err = t.Devices.Store.SetEndpoint(ctx, d, "")
		return errors.Join(errors.New("sns: the endpoint is gone"), err)
	}
	return refusal("publish", a)
}

// refusal says what a status other than success means. What SNS refuses with 400
// stays refused: a token that is none, an endpoint that the platform switched off.
func refusal(what string, a *outbound.Answer) error {
	if a.Status == http.StatusBadRequest && !throttled.Match(a.Body) {
		return fmt.Errorf("%w: sns: %s: status 400", message.ErrPermanent, what)
	}
	return fmt.Errorf("sns: %s: status %d", what, a.Status)
}

var throttled = regexp.MustCompile(`<Code>Thrott\w+</Code>`)
