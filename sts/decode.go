package sts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// refusalLife is how long a refusal can be decoded.
const refusalLife = 24 * time.Hour

// maxRefusal bounds what is decoded, in characters.
const maxRefusal = 10240

var errMessage = fail(ErrInvalidMessage, "The encoded authorization message is invalid or has expired.")

// DecodeRefusal returns what a sealed authorization message tells, as JSON in the
// form of AWS. It returns ErrInvalidMessage for one that is garbled, of another
// account or older than a day.
func (s *Service) DecodeRefusal(ctx context.Context, sealed string) (string, error) {
	r, err := s.openRefusal(ctx, sealed)
	if err != nil {
		return "", err
	}
	if age := s.now().Sub(time.Unix(r.Time, 0)); age >= refusalLife || age < -time.Hour {
		return "", errMessage
	}
	out, err := json.Marshal(r.told())
	return string(out), err
}

func (s *Service) openRefusal(ctx context.Context, sealed string) (*refusal, error) {
	if len(sealed) > maxRefusal {
		return nil, errMessage
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(raw) < 1+refusalSalt || raw[0] != refusalVersion {
		return nil, errMessage
	}
	head, body := raw[:1+refusalSalt], raw[1+refusalSalt:]
	aead, err := s.refusalCipher(ctx, head)
	if err != nil {
		return nil, err
	}
	content, err := aead.Open(nil, make([]byte, aead.NonceSize()), body, nil)
	if err != nil {
		return nil, errMessage
	}
	r := new(refusal)
	return r, json.Unmarshal([]byte(strings.TrimRight(string(content), "\x00")), r)
}

// A told refusal is the JSON that AWS documents for DecodeAuthorizationMessage.
type told struct {
	Allowed      bool                 `json:"allowed"`
	ExplicitDeny bool                 `json:"explicitDeny"`
	Matched      items[toldStatement] `json:"matchedStatements"`
	Failures     items[struct{}]      `json:"failures"`
	Context      toldContext          `json:"context"`
}

// items is how lists stand in it.
type items[T any] struct {
	Items []T `json:"items"`
}

func itemsOf[T any](list []T) items[T] {
	if list == nil {
		list = []T{}
	}
	return items[T]{list}
}

type toldValue struct {
	Value string `json:"value"`
}

type toldContext struct {
	Principal  toldPrincipal        `json:"principal"`
	Action     string               `json:"action"`
	Resource   string               `json:"resource"`
	Conditions items[toldCondition] `json:"conditions"`
}

type toldPrincipal struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	ARN  string `json:"arn"`
}

type toldCondition struct {
	Key      string           `json:"key"`
	Operator string           `json:"operator,omitempty"` // of a statement's condition
	Values   items[toldValue] `json:"values"`
}

type toldStatement struct {
	ID           string               `json:"statementId"`
	Effect       string               `json:"effect"`
	Principals   items[toldValue]     `json:"principals"`
	Groups       items[toldValue]     `json:"principalGroups"`
	Actions      items[toldValue]     `json:"actions"`
	NotActions   *items[toldValue]    `json:"notActions,omitempty"`
	Resources    items[toldValue]     `json:"resources"`
	NotResources *items[toldValue]    `json:"notResources,omitempty"`
	Conditions   items[toldCondition] `json:"conditions"`
}

func (r *refusal) told() told {
	out := told{ExplicitDeny: r.Explicit, Matched: itemsOf(r.statements()), Failures: itemsOf[struct{}](nil),
		Context: toldContext{Principal: toldPrincipal{r.ID, r.Name, r.ARN}, Action: r.Action, Resource: r.Resource}}
	var conditions []toldCondition
	for _, key := range slices.Sorted(maps.Keys(r.Conditions)) {
		conditions = append(conditions, toldCondition{Key: key, Values: valuesOf(r.Conditions[key])})
	}
	out.Context.Conditions = itemsOf(conditions)
	return out
}

func valuesOf(list []string) items[toldValue] {
	out := make([]toldValue, 0, len(list))
	for _, v := range list {
		out = append(out, toldValue{v})
	}
	return items[toldValue]{out}
}

// A deniedBy is a statement of a policy that was parsed before.
type deniedBy struct {
	Sid                                      string
	Action, NotAction, Resource, NotResource oneOrMore
	Condition                                map[string]map[string]oneOrMore
}

// statements describes the one that denied.
func (r *refusal) statements() []toldStatement {
	var st deniedBy
	if len(r.Statement) == 0 || json.Unmarshal(r.Statement, &st) != nil {
		return nil
	}
	out := toldStatement{ID: st.Sid, Effect: "DENY", Principals: valuesOf([]string{r.ID}), Groups: valuesOf(nil),
		Actions: valuesOf(st.Action), Resources: valuesOf(st.Resource)}
	if st.NotAction != nil {
		list := valuesOf(st.NotAction)
		out.NotActions = &list
	}
	if st.NotResource != nil {
		list := valuesOf(st.NotResource)
		out.NotResources = &list
	}
	var conditions []toldCondition
	for _, op := range slices.Sorted(maps.Keys(st.Condition)) {
		for _, key := range slices.Sorted(maps.Keys(st.Condition[op])) {
			conditions = append(conditions, toldCondition{Key: key, Operator: op, Values: valuesOf(st.Condition[op][key])})
		}
	}
	out.Conditions = itemsOf(conditions)
	return []toldStatement{out}
}

// A oneOrMore is a scalar or a list of them, as the policy grammar has it.
type oneOrMore []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *oneOrMore) UnmarshalJSON(raw []byte) error {
	list := []json.RawMessage{raw}
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
	}
	for _, item := range list {
		var s string
		if json.Unmarshal(item, &s) != nil {
			s = string(item) // a number or a boolean
		}
		*l = append(*l, s)
	}
	return nil
}
