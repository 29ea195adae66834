package requestobject

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	exact "github.com/go-jose/go-jose/v4/json" // tells names by case

	"github.com/poolhouse/poolhouse/internal/jsonlimit"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	skew    = time.Minute // of clients' clocks
	maxID   = 256         // bytes of a jti
	maxLife = time.Hour   // of objects that have to have an exp (FAPI 2.0 Message Signing section 5.3.1)
)

// payloadLimit leaves room for claims and authorization_details in the object.
var payloadLimit = jsonlimit.Limit{Bytes: maxObject, Depth: 10}

// claims are those members of a request object that are about itself.
type claims struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Expires   *float64        `json:"exp"`
	NotBefore *float64        `json:"nbf"`
	Issued    *float64        `json:"iat"`
	ID        string          `json:"jti"`
}

var own = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// parse takes the payload apart. Parameters are texts; numbers and truth values are
// written as such, and what is itself JSON as JSON (RFC 9101 section 4).
func parse(payload []byte) (*claims, url.Values, error) {
	malformed := refuse("The request object is no JSON object of parameters.")
	var c claims
	var members map[string]json.RawMessage
	if payloadLimit.Check(payload) != nil || exact.Unmarshal(payload, &members) != nil || exact.Unmarshal(payload, &c) != nil {
		return nil, nil, malformed
	}
	params := url.Values{}
	for name, raw := range members {
		if slices.Contains(own, name) {
			continue
		}
		values, ok := parameter(name, raw)
		if !ok {
			return nil, nil, malformed
		}
		params[name] = values
	}
	return &c, params, nil
}

// parameter is the value of a member. resource alone may have several.
func parameter(name string, raw json.RawMessage) (values []string, ok bool) {
	if name == "resource" && json.Unmarshal(raw, &values) == nil && values != nil {
		return values, true
	}
	var text string
	switch raw[0] {
	case '"':
		ok = json.Unmarshal(raw, &text) == nil
		return []string{text}, ok
	case '{', '[':
		var flat bytes.Buffer
		ok = json.Compact(&flat, raw) == nil
		return []string{flat.String()}, ok
	case 'n': // null is no value
		return nil, false
	}
	return []string{string(raw)}, true
}

// judge checks what the object says about itself: who made it, for whom, and when. An
// assertion that the client made to authenticate must not pass for a request, hence
// the rule on sub (RFC 9101 section 10.8).
func (r *Reader) judge(c *userpool.Client, o *claims, params url.Values) error {
	strict := c.OpenID.RequireSigned || c.OpenID.FAPI
	id := string(c.ID)
	named := o.Issuer == id || params.Get("client_id") == id
	switch {
	case params.Has("request") || params.Has("request_uri"):
		return refuse("A request object holds no other one.")
	case o.Issuer != id && (o.Issuer != "" || strict):
		return refuse("iss is not the client.")
	case params.Has("client_id") && params.Get("client_id") != id || !named:
		return refuse("client_id is not the client.")
	case o.Subject == id:
		return refuse("sub is the client: this is an assertion and no request.")
	case !r.isFor(c.Pool, o.Audience) && (o.Audience != nil || strict):
		return refuse("aud is not the issuer.")
	case o.Expires == nil && strict:
		return refuse("exp is missing.")
	}
	return r.judgeTimes(o, strict)
}

func (r *Reader) judgeTimes(o *claims, strict bool) error {
	now := float64(r.Now().Unix())
	switch {
	case o.Expires != nil && *o.Expires <= now-skew.Seconds():
		return refuse("The request object has expired.")
	case strict && *o.Expires > now+maxLife.Seconds()+skew.Seconds():
		return refuse("exp is too far ahead.")
	case o.NotBefore != nil && *o.NotBefore > now+skew.Seconds():
		return refuse("nbf is in the future.")
	case strict && o.NotBefore != nil && *o.NotBefore < now-maxLife.Seconds():
		return refuse("nbf is too long ago.")
	case o.Issued != nil && *o.Issued > now+skew.Seconds():
		return refuse("iat is in the future.")
	}
	return nil
}

// isFor reports whether aud, one text or a list, names the pool's issuer.
func (r *Reader) isFor(pool userpool.PoolID, aud json.RawMessage) bool {
	var one string
	var list []string
	if json.Unmarshal(aud, &one) == nil {
		list = []string{one}
	} else if json.Unmarshal(aud, &list) != nil {
		return false
	}
	return slices.Contains(list, r.Issuer(pool))
}
