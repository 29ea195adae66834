package sp

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// The errors of an Upstream. Their texts are for the log: what a provider sent may
// be an attacker's.
var (
	ErrRefused     = errors.New("sp: the provider let nobody in")
	ErrInvalid     = errors.New("sp: the answer proves nothing")
	ErrUnreachable = errors.New("sp: the provider cannot be reached")
	ErrUnusable    = errors.New("sp: the provider is not set up as it should be")
	ErrBrowser     = errors.New("sp: only a browser can bring the message")
)

// An Upstream speaks the protocol of providers. It keeps no state of a sign-in:
// what it must know again travels as a Memo, which stays on the server.
type Upstream interface {
	// Depart asks a provider to sign somebody in.
	Depart(ctx context.Context, ask *Ask) (*Departure, error)
	// Arrive judges a provider's answer. ErrRefused, ErrInvalid and ErrUnreachable
	// say what is wrong with it.
	Arrive(ctx context.Context, answer *Answer) (*Arrival, error)
}

// An Ask is a sign-in that a provider is asked for.
type Ask struct {
	Provider *userpool.Provider
	State    string // opaque, at most 80 bytes; the answer brings it back
	Force    bool   // the provider must not rely on an earlier sign-in
	Hint     string // whom the user claims to be; may be empty
	Locales  []string
	Base     string // address of the pool that the browser visits, as {public-url}/{poolId}; empty for that one
}

// At is the address that the browser visits, out of those that the pool has: answers
// go there, or the browser's cookies would not come along. {public-url}/{poolId} is the
// first, and for whoever visits none of them.
func (a *Ask) At(bases []string) string {
	if slices.Contains(bases, a.Base) {
		return a.Base
	}
	return bases[0]
}

// A Departure sends a browser to a provider.
type Departure struct {
	Address string
	Form    url.Values // posted to Address; nil where the browser follows the address
	Memo    []byte     // of this request, to judge the answer by; at most 4 KiB
}

// An Answer is what a browser brought back from a provider.
type Answer struct {
	Provider *userpool.Provider
	Memo     []byte     // nil where nobody asked
	Query    string     // as it arrived; empty where the answer was posted
	Form     url.Values // what was posted, or the query
}

// An Arrival is somebody whom a provider vouches for.
type Arrival struct {
	Subject  string              // the provider's own, unchanging identifier
	Claims   map[string][]string // all that it says, by name: the sources of an attribute mapping
	Doubtful bool                // no Domains make the e-mail address a verified one: the person may have chosen it
	Inbound  any                 // a userpool.InboundSAML or userpool.InboundTokens, for the pool's function
	Methods  []string            // how the user proved who they are, as RFC 8176 spells it; may be empty
	At       time.Time           // when; zero where the provider does not say
	Ends     time.Time           // when the provider wants the session to end; zero for never
	Session  []byte              // what a sign-out at the provider takes; at most 4 KiB, nil where there is none
}

// Upstreams are the protocols of providers by their type, as userpool.Provider has it.
type Upstreams map[string]Upstream
