package audit

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// A record is an event as it is stored: the common members of a CloudTrail record.
type record struct {
	EventVersion        string         `json:"eventVersion"`
	UserIdentity        Identity       `json:"userIdentity"`
	EventTime           string         `json:"eventTime"`
	EventSource         string         `json:"eventSource"`
	EventName           string         `json:"eventName"`
	AWSRegion           string         `json:"awsRegion"`
	SourceIPAddress     string         `json:"sourceIPAddress"`
	UserAgent           string         `json:"userAgent"`
	ErrorCode           string         `json:"errorCode,omitempty"`
	ErrorMessage        string         `json:"errorMessage,omitempty"`
	RequestParameters   any            `json:"requestParameters"`
	ResponseElements    any            `json:"responseElements"`
	AdditionalEventData map[string]any `json:"additionalEventData,omitempty"`
	RequestID           string         `json:"requestID"`
	EventID             string         `json:"eventID"`
	ReadOnly            bool           `json:"readOnly"`
	Resources           []Resource     `json:"resources,omitempty"`
	EventType           string         `json:"eventType"`
	RecipientAccountID  string         `json:"recipientAccountId"`
}

// entry makes an event an entry. account is whose log it is.
func entry(e *Event, account string) (*Entry, error) {
	id := e.intent
	if id == "" {
		id = newEventID(e.Time)
	}
	raw, about, err := encode(e, id, account)
	if err != nil {
		return nil, err
	}
	return &Entry{Time: e.Time.UTC().Truncate(time.Microsecond), ID: id, Source: clean(e.Source), Name: clean(e.Name),
		User: clean(e.Identity.userName()), AccessKey: clean(e.Identity.AccessKeyID), ReadOnly: e.ReadOnly, Record: raw,
		Terms: terms(about), Settles: e.intent != ""}, nil
}

// encode writes the record of an event, and says what it is about.
func encode(e *Event, id, account string) ([]byte, []Resource, error) {
	who, about := e.Identity, resources(e.Resources)
	who.UserName = clean(who.UserName)
	r := record{
		EventVersion: "1.05", UserIdentity: who, EventTime: e.Time.UTC().Format(time.RFC3339),
		EventSource: e.Source, EventName: e.Name, AWSRegion: e.Region, SourceIPAddress: e.SourceIP, UserAgent: clean(e.UserAgent),
		ErrorCode: e.ErrorCode, ErrorMessage: clean(e.ErrorText),
		RequestParameters: e.Params, ResponseElements: e.Response, AdditionalEventData: e.Extra,
		RequestID: e.RequestID, EventID: id, ReadOnly: e.ReadOnly, Resources: about, EventType: e.Type, RecipientAccountID: account,
	}
	raw, err := json.Marshal(r)
	if err == nil && len(raw) > maxRecord {
		r.RequestParameters, r.ResponseElements, r.AdditionalEventData = nil, nil, map[string]any{"omitted": "the record was too large"}
		raw, err = json.Marshal(r)
	}
	return raw, about, err
}

// stored makes an entry of a record that was stored as an intent.
func stored(intent *Entry) (*Entry, error) {
	var r record
	if err := json.Unmarshal(intent.Record, &r); err != nil {
		return nil, err
	}
	return &Entry{Time: intent.Time, ID: intent.ID, Source: clean(r.EventSource), Name: clean(r.EventName),
		User: clean(r.UserIdentity.userName()), AccessKey: clean(r.UserIdentity.AccessKeyID), ReadOnly: r.ReadOnly,
		Record: intent.Record, Terms: terms(r.Resources), Settles: true}, nil
}

// maxRecord bounds a record, in bytes, as CloudTrail does at four times that.
const maxRecord = 64 << 10

// maxText bounds, in bytes, a text that a stranger may have chosen.
const maxText = 1024

// clean makes a text one that every store keeps. The writer tries an entry until it
// is stored: one that a database refuses would hold up all that follow.
func clean(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// newEventID returns a UUID, as CloudTrail's event IDs are, of version 7 (RFC 9562
// section 5.7): it begins with the time, so that an index of many is written at its
// end. Random ones touch as many pages as there are events, which is half the cost of
// keeping one.
func newEventID(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	rand.Read(b[6:])
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	var text [36]byte
	for i, part := range []struct{ from, to, at int }{{0, 4, 0}, {4, 6, 9}, {6, 8, 14}, {8, 10, 19}, {10, 16, 24}} {
		hex.Encode(text[part.at:], b[part.from:part.to])
		if i > 0 {
			text[part.at-1] = '-'
		}
	}
	return string(text[:])
}
