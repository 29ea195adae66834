package awsapi

import (
	"context"
	"time"
)

// administered are the services whose signed operations write what administrators
// set up. Devices write datasets, and what STS issues is stored nowhere.
var administered = map[string]bool{"cognito-idp": true, "cognito-identity": true, "iam": true, "poolhouse": true}

// intends reports whether the operation is an administrator's write, which does not
// happen without its record. Sign-ins that a back end leads are none.
func (o *operation) intends() bool {
	return o.fn.Auth == SigV4 && !o.reads && administered[o.svc.model.Service] &&
		o.name != "AdminInitiateAuth" && o.name != "AdminRespondToAuthChallenge"
}

// intend returns the context that the operation runs under.
func (x *exchange) intend(ctx context.Context) context.Context {
	if x.h.cfg.Audit == nil || !x.op.intends() {
		return ctx
	}
	return x.h.cfg.Audit.Intend(ctx, func() Event {
		e := x.event
		e.Call, e.ReadOnly = *x.call, x.op.reads
		e.Params = recorder{}.value(x.op.in, x.in)
		return e
	})
}

// record hands the call to the audit log.
func (x *exchange) record() {
	if x.h.cfg.Audit == nil || x.op == nil || x.event.Status == 0 {
		return
	}
	x.event.Call, x.event.ReadOnly = *x.call, x.op.reads
	x.event.Duration = max(x.h.cfg.Now().Sub(x.call.Time), time.Duration(0))
	if x.in.IsValid() {
		// Who may not call, or names nobody, may have typed anything.
		x.event.Params = recorder{names: x.out.IsValid() && x.op.fn.Auth == SigV4}.value(x.op.in, x.in)
	}
	if x.out.IsValid() && x.op.answers {
		x.event.Response = recorder{}.value(x.op.out, x.out)
	}
	// The answer is out; a client that hangs up must not lose the record.
	x.h.cfg.Audit.Record(context.WithoutCancel(x.ctx), x.event)
}
