package userpool

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// noClient stands for the app client in the events of administrators' operations.
const noClient = "CLIENT_ID_NOT_APPLICABLE"

// A triggerEvent is what a function receives: the form that the functions of Cognito's
// triggers are written for.
type triggerEvent struct {
	Version  string        `json:"version"`
	Source   string        `json:"triggerSource"`
	Region   string        `json:"region"`
	PoolID   PoolID        `json:"userPoolId"`
	UserName string        `json:"userName"`
	Caller   triggerCaller `json:"callerContext"`
	Request  any           `json:"request"`
	Response any           `json:"response"`
}

type triggerCaller struct {
	SDK    string `json:"awsSdkVersion"`
	Client string `json:"clientId"`
}

// newEvent returns an event for a function. client is empty for administrators'
// operations, which concern no app client.
func newEvent(source string, client ClientID, username string, request any) triggerEvent {
	return triggerEvent{Version: "1", Source: source, UserName: username, Request: request,
		Caller: triggerCaller{Client: cmp.Or(string(client), noClient)}}
}

// idOf returns the client of an operation that may have none.
func idOf(c *Client) ClientID {
	if c == nil {
		return ""
	}
	return c.ID
}

// complete adds what all events of a request have in common.
func (e *triggerEvent) complete(ctx context.Context, region string, p *Pool) {
	e.Region, e.PoolID, e.Caller.SDK = region, p.ID, callerSDK(ctx)
}

// A subject is the part of a request that is about the user.
type subject struct {
	Attributes map[string]string `json:"userAttributes"`
}

// A stranger is a subject that may not exist.
type stranger struct {
	subject
	NotFound bool `json:"userNotFound"`
}

// metadata is the part of a request that the client sent along for the function.
type metadata struct {
	Client map[string]string `json:"clientMetadata,omitempty"`
}

// none is the response of a function that has nothing to say.
type none struct{}

// about returns what functions learn of a user.
func (p *Pool) about(u *User) subject {
	attributes := maps.Clone(u.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	attributes["sub"], attributes["cognito:user_status"] = u.Sub, string(u.Status)
	for _, a := range []string{"email", "phone_number"} {
		alias := slices.Contains(p.AliasAttributes, a) || slices.Contains(p.UsernameAttributes, a)
		if alias && u.Verified(a) {
			attributes["cognito:"+a+"_alias"] = u.Attributes[a]
		}
	}
	return subject{attributes}
}

// aboutAny is about for a user who may be nil, and the name for the event.
func (p *Pool) aboutAny(u *User, typed string) (stranger, string) {
	if u == nil {
		return stranger{subject{map[string]string{}}, true}, typed
	}
	return stranger{subject: p.about(u)}, u.Username
}
