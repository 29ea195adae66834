package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// invocationHeader names one call of an app, whatever number of attempts its SDK
// makes of it.
const invocationHeader = "Amz-Sdk-Invocation-Id"

// Namespaces of what Repeats keeps.
const (
	nsInvocation = "aws-invocation" // a claim: the call is being served, or was
	nsAnswer     = "aws-answer"     // its answer, sealed
)

const (
	invocationTime = time.Minute      // as long as a call may take
	answerLife     = 10 * time.Minute // as long as an SDK may go on trying
)

// Repeats keeps what Create operations answered, for an SDK that did not get it.
// SDKs try again when a connection breaks or an answer is late; a second pool, or
// "already exists" in place of the first answer, is what nobody asked for.
type Repeats struct {
	Store  ephemeral.Store
	Sealer keyring.Sealer // answers hold secrets
}

// An answer is what was sent, whole.
type answer struct {
	Status int
	Type   string
	Body   []byte
}

var errAttemptRunning = &Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable",
	Message: "An earlier attempt of this call has not ended yet. Try again in a moment."}

var invocationID = regexp.MustCompile(`^[\x21-\x7e]{8,128}$`)

// repeatable reports whether the operation makes something anew each time it is
// called: those are answered once for all attempts of one call.
func (x *exchange) repeatable() bool {
	n := x.op.name
	return x.h.cfg.Repeats != nil && x.op.fn.Auth == SigV4 && invocationID.MatchString(x.r.Header.Get(invocationHeader)) &&
		(strings.HasPrefix(n, "Create") || strings.HasPrefix(n, "AdminCreate") || strings.HasPrefix(n, "Add") && strings.HasSuffix(n, "Secret"))
}

// invocation is the key of a call: who calls, what, and what for. Another input
// under the same name is another call.
func (x *exchange) invocation() string {
	h := sha256.New()
	for _, part := range []string{x.call.Caller.ARN, x.call.Service, x.op.name, x.r.Header.Get(invocationHeader)} {
		h.Write([]byte(part + "\x00"))
	}
	h.Write(x.body)
	return hex.EncodeToString(h.Sum(nil))
}

// once serves a call unless an earlier attempt did. What fails leaves no trace: the
// next attempt is served as if it were the first.
func (x *exchange) once(ctx context.Context, serve func() error) error {
	if !x.repeatable() {
		return serve()
	}
	kept, key := x.h.cfg.Repeats, x.invocation()
	if done, err := x.repeat(ctx, key); done || err != nil {
		return err
	}
	first, err := kept.Store.Claim(ctx, nsInvocation, key, x.h.cfg.Now().Add(invocationTime))
	if err != nil {
		return err
	}
	if !first {
		return errAttemptRunning
	}
	x.keep = func(a answer) error { return kept.put(ctx, key, a, x.h.cfg.Now().Add(answerLife)) }
	if err := serve(); err != nil {
		if failed := kept.Store.Delete(context.WithoutCancel(ctx), nsInvocation, key); failed != nil {
			x.h.cfg.Log.ErrorContext(ctx, "a call cannot be tried again for a minute", "operation", x.op.name, "error", failed)
		}
		return err
	}
	return nil
}

// repeat sends the answer of an earlier attempt, if there is one.
func (x *exchange) repeat(ctx context.Context, key string) (done bool, err error) {
	sealed, err := x.h.cfg.Repeats.Store.Get(ctx, nsAnswer, key)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	raw, err := x.h.cfg.Repeats.Sealer.Open(sealed, nsAnswer+"/"+key)
	if err != nil {
		return false, err
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return false, err
	}
	x.call.note("repeatedAttempt", true) // the log has one success of each call, and who was told of it again
	x.write(a.Status, a.Type, a.Body)
	return true, nil
}

func (k *Repeats) put(ctx context.Context, key string, a answer, until time.Time) error {
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	sealed, err := k.Sealer.Seal(raw, nsAnswer+"/"+key)
	if err != nil {
		return err
	}
	return k.Store.Put(context.WithoutCancel(ctx), nsAnswer, key, sealed, until)
}
