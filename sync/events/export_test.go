package events

import "github.com/poolhouse/poolhouse/sync/dataset"

// Read reads an answer to an event about one record.
func Read(answer string) ([]dataset.TriggerRecord, error) {
	value := "1"
	e := newEvent("us-east-1", dataset.Owner{Pool: "us-east-1:1", Identity: "us-east-1:2"}, "notes",
		[]dataset.TriggerRecord{{Key: "a", Old: &value, New: &value}})
	return e.read([]byte(answer))
}
