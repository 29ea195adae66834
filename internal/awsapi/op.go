package awsapi

import (
	"context"
	"reflect"
	"strconv"
	"time"
)

// Auth says who may call an operation.
type Auth int

// The three ways an operation can be called. The zero value is the strictest.
const (
	// SigV4 operations carry an AWS Signature Version 4 and are authorised by policy.
	SigV4 Auth = iota
	// Public operations carry no credential of the caller's account.
	Public
	// AccessToken operations carry a user's access token in the body; the
	// operation itself verifies it.
	AccessToken
)

// An Op is one AWS operation: its wire name, who may call it, and the function
// that serves it. The function never sees the wire format.
type Op struct {
	Name     string
	Auth     Auth
	noPolicy bool
	in, out  reflect.Type
	newIn    func() any
	serve    func(ctx context.Context, in any) (any, error)
}

// NoPolicy returns the operation without the policy check that signed
// operations go through: for GetCallerIdentity, which nothing can deny, and for
// those that check permissions themselves.
func (o Op) NoPolicy() Op {
	o.noPolicy = true
	return o
}

// Before returns the operation with a step before it that sees the decoded and
// authorised input: it may add to the context, or refuse by an error.
func (o Op) Before(step func(ctx context.Context, op string, in any) (context.Context, error)) Op {
	serve := o.serve
	o.serve = func(ctx context.Context, in any) (any, error) {
		ctx, err := step(ctx, o.Name, in)
		if err != nil {
			return nil, err
		}
		return serve(ctx, in)
	}
	return o
}

// Func returns the Op that serves name with f.
func Func[In, Out any](name string, auth Auth, f func(context.Context, *In) (*Out, error)) Op {
	return Op{
		Name:  name,
		Auth:  auth,
		in:    reflect.TypeFor[In](),
		out:   reflect.TypeFor[Out](),
		newIn: func() any { return new(In) },
		serve: func(ctx context.Context, in any) (any, error) {
			out, err := f(ctx, in.(*In))
			if err != nil {
				return nil, err // not a typed nil in an interface
			}
			if out == nil {
				panic("awsapi: " + name + " returned neither output nor error")
			}
			return out, nil
		},
	}
}

// A Caller is the principal that signed a request.
type Caller struct {
	AccountID   string // 12 digits
	ARN         string // as GetCallerIdentity reports it
	UserID      string // as GetCallerIdentity reports it, AROA…:session for a role session
	AccessKeyID string
	Expires     time.Time // zero for a long-term key

	// Keys are the condition keys that the credential itself carries, such as
	// aws:PrincipalArn, aws:userid or cognito-identity.amazonaws.com:sub.
	// Names are spelt as in the IAM condition-key reference.
	Keys map[string][]string

	// Principal is what the credential source knows of the caller; the
	// authorizer that belongs to the same source reads it back.
	Principal any
}

// A Call describes the request being served. FromContext returns it.
type Call struct {
	RequestID       string
	Service         string // signing name, for instance "cognito-idp"
	Operation       string
	Region          string // from the credential scope, the endpoint of AWS's that was called, or the server's region
	Global          bool   // it came to a global endpoint of AWS's
	SourceIP        string
	UserAgent       string
	SDKAgent        string // X-Amz-User-Agent: what an SDK in a browser calls itself
	SecureTransport bool
	Hop             Hop
	Time            time.Time // when the request arrived
	Caller          *Caller   // nil for public and access-token operations
	Notes           Notes
}

// Notes are what an operation tells the audit log of its call, beyond what the wire
// layer sees. They hold no secret.
type Notes struct {
	Who       *Who           // who it turned out to be, where nobody signed
	Params    map[string]any // further requestParameters
	Resources []string       // further ARNs that the call was about
	Extra     map[string]any // additionalEventData
}

// Who is a caller that proved who they are by something else than a signature.
type Who struct {
	Type        string // SAMLUser or WebIdentityUser
	PrincipalID string
	Name        string
	Provider    string
}

// NoteUser notes whom of a user pool a call was about or by.
func (c *Call) NoteUser(sub string) { c.note("sub", sub) }

func (c *Call) note(name string, value any) {
	if c.Notes.Extra == nil {
		c.Notes.Extra = map[string]any{}
	}
	c.Notes.Extra[name] = value
}

// ConditionKeys are the condition keys of the request itself.
func (c *Call) ConditionKeys() map[string][]string {
	keys := map[string][]string{"aws:SecureTransport": {strconv.FormatBool(c.SecureTransport)}}
	for name, value := range map[string]string{"aws:SourceIp": c.SourceIP, "aws:UserAgent": c.UserAgent, "aws:RequestedRegion": c.Region} {
		if value != "" {
			keys[name] = []string{value}
		}
	}
	return keys
}

type callKey struct{}

// WithCall returns a context that carries c.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// FromContext returns the call being served. Outside a request it returns a
// zero Call, never nil.
func FromContext(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// A CredentialSource resolves access keys.
type CredentialSource interface {
	// Credential returns the secret of an access key and who it belongs to.
	// sessionToken is empty for a long-term key. Unknown, mismatched, tampered
	// and revoked credentials return an *Error ready for the wire
	// (InvalidClientTokenId, ExpiredToken).
	Credential(ctx context.Context, accessKeyID, sessionToken string) (secret string, caller *Caller, err error)
}

// A UseRecorder notes when credentials are used.
type UseRecorder interface {
	// RecordUse is called for every call whose signature held, before it is known
	// whether the caller may do it.
	RecordUse(ctx context.Context, c *Call)
}

// An Authorizer decides whether a caller may perform an action on a resource.
type Authorizer interface {
	// Authorize returns nil to allow the call. A refusal is an *Error with the
	// AccessDenied text. action is "service:Operation"; resource is an ARN or "*".
	Authorize(ctx context.Context, caller *Caller, action, resource string, keys map[string][]string) error
}

// A Limiter keeps callers from calling too fast.
type Limiter interface {
	// Limit counts a call that is about to be served and returns nil to let it
	// in. A refusal is an *Error, as the service's clients know it, that says when
	// to try again. service is the name in Service; FromContext has the Call.
	Limit(ctx context.Context, service, op string, in any) error
}

// An Auditor records every call.
type Auditor interface {
	// Intend returns a context for an administrator's write: what is written under
	// it is written together with event, or not at all. event is asked for by then.
	Intend(ctx context.Context, event func() Event) context.Context
	// Record records a call that was answered. ctx has the values of the context
	// that the operation ran under.
	Record(ctx context.Context, e Event)
}

// An Event is what is recorded of one call. Params holds the decoded input as
// maps and lists, with every secret hidden and long values cut; it is nil where
// the call was refused before its input was read. Response holds the answer of
// what changed something, or issued credentials, in the same way.
type Event struct {
	Call      Call
	Params    any
	Response  any
	ReadOnly  bool     // the operation changes nothing
	Resources []string // ARNs that permission was asked for
	ErrorCode string   // empty on success
	ErrorText string
	Status    int
	Duration  time.Duration
}

// A Service is one AWS service: its model and the operations that are written.
type Service struct {
	Name    string // file name of the model without .json, for instance "cognito-idp"
	Ops     []Op
	Streams []Stream // of a REST-JSON service
	Errors  ErrorTable

	// Resource returns the ARN that authorisation is asked for, "*" where the
	// operation has none. in is the input, decoded and validated. A nil Resource
	// stands for "*" throughout.
	Resource func(op string, in any) string

	// Violations names, by a member of the inputs, the code that input which
	// breaks the model there is refused with, where the service has one of its own.
	Violations map[string]string

	// Keys returns the condition keys that the input itself has, such as
	// iam:PolicyARN; nil where there are none.
	Keys func(op string, in any) map[string][]string
}
