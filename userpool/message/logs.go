package message

import (
	"context"
	"encoding/json"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

// MediumLog is the medium of events of pools' logs. They wait in the outbox as
// messages do, and are in no pool's log of deliveries.
const MediumLog = "LOG"

// Logs has the outbox deliver the logs of pools.
type Logs struct{ Outbox *Outbox }

var _ userpool.LogSink = Logs{}

// Deliver implements userpool.LogSink: it keeps the event for delivery.
func (l Logs) Deliver(ctx context.Context, to userpool.LogConfiguration, event []byte) error {
	return l.Outbox.Send(ctx, userpool.Mail{To: to.ARN, Medium: MediumLog, Body: string(event), Kind: "log"})
}

// A LogWebhook hands events of pools' logs to a program, by a POST that is signed as
// the Standard Webhooks specification says.
type LogWebhook struct {
	URL    string
	Secret []byte // of webhook.ParseSecret
	Client *outbound.Client
	Now    func() time.Time
}

// logData is the data of a call about an event.
type logData struct {
	Destination string          `json:"destination"` // ARN
	Event       json.RawMessage `json:"event"`
}

// Deliver implements Transport as Webhook's does.
func (w *LogWebhook) Deliver(ctx context.Context, id string, m userpool.Mail) error {
	return post(ctx, w.Client, w.URL, w.Secret, id, event{"log.event", w.Now().UTC(), logData{m.To, json.RawMessage(m.Body)}})
}
