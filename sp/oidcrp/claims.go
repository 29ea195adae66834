package oidcrp

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/jsonlimit"
)

// limits bound what a provider says at once.
var limits = jsonlimit.Limit{Bytes: 256 << 10, Depth: 16}

// An object is what a provider says, by the exact name.
type object map[string]json.RawMessage

var errNoObject = errors.New("oidcrp: no JSON object")

// parseObject reads an object within the limits.
func parseObject(raw []byte) (object, error) {
	if err := limits.Check(raw); err != nil {
		return nil, err
	}
	o := object{}
	if err := json.Unmarshal(raw, &o); err != nil || o == nil { // null
		return nil, errNoObject
	}
	return o, nil
}

// protocol are the claims that a decision is made by. encoding/json, which go-oidc
// reads them with, would take one in other letters for them.
var protocol = []string{"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "auth_time", "amr", "tid", "hd", "email_verified"}

// ambiguous reports whether an object has a claim that one reader takes for another.
func (o object) ambiguous() bool {
	for name := range o {
		if slices.ContainsFunc(protocol, func(p string) bool { return name != p && strings.EqualFold(name, p) }) {
			return true
		}
	}
	return false
}

// text is a member that is a string.
func (o object) text(name string) string {
	var s string
	if json.Unmarshal(o[name], &s) != nil {
		return ""
	}
	return s
}

// raw encodes the object for a pool's function.
func (o object) raw() json.RawMessage {
	if o == nil {
		return nil
	}
	raw, _ := json.Marshal(o) // each member is JSON
	return raw
}

// values are the members as an attribute mapping takes them.
func (o object) values() map[string][]string {
	claims := make(map[string][]string, len(o))
	for name, raw := range o {
		if v := values(raw); v != nil {
			claims[name] = v
		}
	}
	return claims
}

// values are a claim as texts: a list has one for each of its elements, booleans
// and numbers are as they were written, and what has members of its own stays
// JSON, as Cognito keeps it. null is nothing.
func values(raw json.RawMessage) []string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil
	}
	if raw[0] != '[' {
		if s, ok := value(raw); ok {
			return []string{s}
		}
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	found := []string{}
	for _, one := range list {
		if s, ok := value(bytes.TrimSpace(one)); ok {
			found = append(found, s)
		}
	}
	return found
}

func value(raw []byte) (string, bool) {
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	case '{', '[':
		var b bytes.Buffer
		err := json.Compact(&b, raw)
		return b.String(), err == nil
	}
	return string(raw), string(raw) != "null"
}

// date reads a NumericDate.
func date(raw json.RawMessage) (time.Time, error) {
	var seconds float64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return time.Time{}, err
	}
	return jose.Time(seconds), nil
}
