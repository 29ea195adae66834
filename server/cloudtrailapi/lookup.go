package cloudtrailapi

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// pageSize is how many events a page has where MaxResults says nothing, and at most.
const pageSize = 50

// flushTime is how long a lookup waits for the events of the last moment.
const flushTime = time.Second

// LookupEvents returns events, newest first.
func (a *API) LookupEvents(ctx context.Context, in *LookupEventsInput) (*LookupEventsOutput, error) {
	q, err := query(in)
	if err != nil {
		return nil, err
	}
	place := placeOf(in)
	if in.NextToken != nil {
		if q.After, err = a.openToken(*in.NextToken, place); err != nil {
			return nil, err
		}
	}
	if in.EventCategory != nil { // "insight": this server finds no insights
		return &LookupEventsOutput{Events: []Event{}}, nil
	}
	a.catchUp(ctx)
	entries, next, err := a.Log.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &LookupEventsOutput{Events: make([]Event, 0, len(entries))}
	for _, e := range entries {
		event, err := eventOf(e)
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, event)
	}
	if next != "" {
		if out.NextToken, err = a.sealToken(next, place); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// catchUp lets a lookup see what this process has just done. A log that cannot
// write now still shows what it wrote before.
func (a *API) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	_ = a.Log.Flush(ctx)
}

// query translates the input. Times are whole seconds, as the answers show them:
// both ends belong to the range.
func query(in *LookupEventsInput) (audit.Query, error) {
	q := audit.Query{Limit: int(awsapi.Value(in.MaxResults))}
	if q.Limit == 0 {
		q.Limit = pageSize
	}
	if in.StartTime != nil {
		q.From = in.StartTime.Truncate(time.Second)
	}
	if in.EndTime != nil {
		q.To = in.EndTime.Truncate(time.Second).Add(time.Second - time.Microsecond)
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(*in.EndTime) {
		return q, errTimeRange
	}
	if len(in.LookupAttributes) > 1 {
		return q, errAttributes
	}
	for _, attribute := range in.LookupAttributes {
		if err := selectBy(&q, *attribute.AttributeKey, *attribute.AttributeValue); err != nil {
			return q, err
		}
	}
	return q, nil
}

func selectBy(q *audit.Query, key, value string) error {
	switch key {
	case "EventId":
		q.ID = value
	case "EventName":
		q.Name = value
	case "EventSource":
		q.Source = value
	case "Username":
		q.User = value
	case "AccessKeyId":
		q.AccessKey = value
	case "ResourceName":
		q.Resource = value
	case "ResourceType":
		q.Kind = value
	case "ReadOnly":
		if value != "true" && value != "false" {
			return errAttributes
		}
		q.ReadOnly = awsapi.Ptr(value == "true")
	default:
		return errors.New("cloudtrailapi: unknown attribute " + key) // the model has no other
	}
	return nil
}

// eventOf describes an entry as the operation does.
func eventOf(e *audit.Entry) (Event, error) {
	var record struct{ Resources []audit.Resource }
	if err := json.Unmarshal(e.Record, &record); err != nil {
		return Event{}, err
	}
	event := Event{EventId: &e.ID, EventName: &e.Name, EventSource: &e.Source, EventTime: awsapi.Ptr(e.Time.Truncate(time.Second)),
		ReadOnly: awsapi.Ptr(strconv.FormatBool(e.ReadOnly)), AccessKeyId: present(e.AccessKey), Username: present(e.User),
		CloudTrailEvent: awsapi.Ptr(string(e.Record)), Resources: []Resource{}}
	for _, r := range record.Resources {
		event.Resources = append(event.Resources, Resource{ResourceName: &r.ARN, ResourceType: present(r.Type)})
	}
	return event, nil
}

// present is nil for an empty text: the member is left out.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
