package events

import (
	"encoding/json"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// An event is what a function is given.
type event struct {
	Version        int               `json:"version"`
	EventType      string            `json:"eventType"`
	Region         string            `json:"region"`
	IdentityPoolID string            `json:"identityPoolId"`
	IdentityID     string            `json:"identityId"`
	DatasetName    string            `json:"datasetName"`
	DatasetRecords map[string]record `json:"datasetRecords"`
}

// A record as functions see it. One that is not changed has no op.
type record struct {
	OldValue *string           `json:"oldValue"`
	NewValue *string           `json:"newValue"`
	Op       dataset.TriggerOp `json:"op,omitempty"`
}

func newEvent(region string, owner dataset.Owner, name string, records []dataset.TriggerRecord) *event {
	e := &event{Version: version, EventType: settings.SyncTrigger, Region: region, IdentityPoolID: string(owner.Pool),
		IdentityID: string(owner.Identity), DatasetName: name, DatasetRecords: make(map[string]record, len(records))}
	for _, r := range records {
		e.DatasetRecords[r.Key] = record{r.Old, r.New, r.Op}
	}
	return e
}

// An answer is an event as a function returns it. What it leaves out it has not
// changed.
type answer struct {
	Version        json.RawMessage            `json:"version"`
	EventType      json.RawMessage            `json:"eventType"`
	Region         json.RawMessage            `json:"region"`
	IdentityPoolID json.RawMessage            `json:"identityPoolId"`
	IdentityID     json.RawMessage            `json:"identityId"`
	DatasetName    json.RawMessage            `json:"datasetName"`
	DatasetRecords map[string]json.RawMessage `json:"datasetRecords"`
}

// bad says what is wrong with an answer.
func bad(format string, args ...any) error {
	return dataset.Fail(dataset.ErrTriggerOutput, "The output of the function is invalid: "+format, args...)
}

// read returns the records of an answer. All but those is read only.
func (e *event) read(body []byte) ([]dataset.TriggerRecord, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, bad("it is not an event.")
	}
	if a.DatasetRecords == nil {
		return nil, bad("datasetRecords is missing.")
	}
	if name := e.changed(&a); name != "" {
		return nil, bad("%s is read only.", name)
	}
	out := make([]dataset.TriggerRecord, 0, len(a.DatasetRecords))
	for key, raw := range a.DatasetRecords {
		r, err := e.readRecord(key, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// changed returns the name of a member that the function changed and must not.
func (e *event) changed(a *answer) string {
	switch {
	case differs(a.Version, float64(e.Version)):
		return "version"
	case differs(a.EventType, e.EventType):
		return "eventType"
	case differs(a.Region, e.Region):
		return "region"
	case differs(a.IdentityPoolID, e.IdentityPoolID):
		return "identityPoolId"
	case differs(a.IdentityID, e.IdentityID):
		return "identityId"
	case differs(a.DatasetName, e.DatasetName):
		return "datasetName"
	}
	return ""
}

// differs reports whether JSON text is there and is not that value.
func differs[T comparable](got json.RawMessage, sent T) bool {
	var v *T
	return got != nil && (json.Unmarshal(got, &v) != nil || v == nil || *v != sent)
}

// readRecord reads one record. Its old value is read only as well; nil stands for a
// record whose value the function takes away.
func (e *event) readRecord(key string, raw json.RawMessage) (dataset.TriggerRecord, error) {
	var r struct {
		OldValue json.RawMessage `json:"oldValue"`
		NewValue *string         `json:"newValue"`
		Op       *string         `json:"op"`
	}
	if err := json.Unmarshal(raw, &r); err != nil || string(raw) == "null" {
		return dataset.TriggerRecord{}, bad("a record has members of wrong types.")
	}
	out := dataset.TriggerRecord{Key: key, Old: e.DatasetRecords[key].OldValue, New: r.NewValue}
	if r.Op != nil {
		out.Op = dataset.TriggerOp(*r.Op)
	}
	switch out.Op {
	case dataset.OpNone, dataset.OpReplace, dataset.OpRemove:
	default:
		return out, bad("op must be replace or remove.")
	}
	if out.Old == nil && r.OldValue != nil && string(r.OldValue) != "null" || out.Old != nil && differs(r.OldValue, *out.Old) {
		return out, bad("oldValue is read only.")
	}
	return out, nil
}
