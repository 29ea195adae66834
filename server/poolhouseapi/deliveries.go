package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

var errNoDeliveryLog = userpool.Fail(userpool.ErrInvalidParameter,
	"This server keeps no log of deliveries: it hands messages to a directory, or has no way to send them.")

// ListMessageDeliveries returns what became of a pool's messages in the last week,
// the latest first. It shows neither texts nor whole addresses.
func (a *API) ListMessageDeliveries(ctx context.Context, in *ListMessageDeliveriesInput) (*ListMessageDeliveriesOutput, error) {
	if a.Deliveries == nil {
		return nil, errNoDeliveryLog
	}
	pool := userpool.PoolID(*in.UserPoolId)
	after, err := pageToken(pool, awsapi.Value(in.NextToken))
	if err != nil {
		return nil, err
	}
	items, next, err := a.Deliveries.Log(ctx, pool, message.State(awsapi.Value(in.State)), after, pageSize(in.MaxResults))
	if err != nil {
		return nil, err
	}
	out := &ListMessageDeliveriesOutput{Deliveries: make([]MessageDeliveryType, 0, len(items)), NextToken: nextToken(pool, next)}
	for _, it := range items {
		out.Deliveries = append(out.Deliveries, delivery(it))
	}
	return out, nil
}

func delivery(it *message.Item) MessageDeliveryType {
	t := MessageDeliveryType{MessageId: &it.ID, Kind: &it.Kind, Medium: &it.Medium, Destination: &it.Destination,
		State: awsapi.Ptr(string(it.State())), Tries: awsapi.Ptr(int32(it.Tries)), CreationDate: &it.Created}
	if it.Reason != "" {
		t.Reason = &it.Reason
	}
	if !it.Closed.IsZero() {
		t.SettledDate = &it.Closed
	}
	return t
}
