package live

import (
	"encoding/json"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A change is the data of a change event.
type change struct {
	DatasetName    string `json:"datasetName"`
	SyncCount      int64  `json:"syncCount"`
	LastModifiedBy string `json:"lastModifiedBy"`
	Deleted        bool   `json:"deleted"`
}

type bye struct {
	Reason Reason `json:"reason"`
}

func (e *Event) change() *change {
	if e.Kind != Changed {
		return nil
	}
	return &change{e.Change.Dataset, e.Change.SyncCount, e.Change.Device, e.Change.Deleted}
}

func (e *Event) bye() *bye {
	if e.Kind != Bye {
		return nil
	}
	return &bye{e.Reason}
}

// data returns the JSON of an event of an event stream.
func (e *Event) data() []byte {
	switch e.Kind {
	case Changed:
		return marshal(e.change())
	case Bye:
		return marshal(e.bye())
	}
	return []byte("{}")
}

// message returns the JSON of an event of a WebSocket, which has no fields beside it.
func (e *Event) message() []byte {
	return marshal(struct {
		Type Kind          `json:"type"`
		ID   dataset.LogID `json:"id,omitempty"`
		*change
		*bye
	}{e.Kind, e.ID, e.change(), e.bye()})
}

// marshal encodes what cannot fail to be encoded.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
