package awsapi

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// A Config is what a Handler is made of.
type Config struct {
	Services    []Service
	Credentials CredentialSource // who signs; required if any operation is signed
	Authorizer  Authorizer       // what they may do; required if any operation is signed
	Audit       Auditor          // nil records nothing
	Used        UseRecorder      // nil notes no use of credentials
	Limiter     Limiter          // nil limits nothing
	Repeats     *Repeats         // nil serves every attempt of a call anew
	Region      string           // of calls whose signature names none
	Account     string           // 12 digits
	Now         func() time.Time // nil is time.Now
	Log         *slog.Logger     // nil is slog.Default()
}

// A Handler serves the AWS APIs: see Matches for the requests that are its own.
// Every modelled service is known to it, so that an operation which is not
// written, also of a service without any, answers an error that names it.
type Handler struct {
	cfg      Config
	services map[string]*service // by service name
	targets  map[string]*service // JSON: by prefix of X-Amz-Target
	versions map[string]*service // query: by API version
	rest     []*service
	keys     sigv4.KeyCache
	large    chan struct{} // a slot for each large body in memory
}

// A service is a model with the operations that are written.
type service struct {
	model    *models.Model
	spec     Service
	codec    codec
	ops      map[string]*operation
	streams  []*operation
	internal string // error code of an unexpected failure
}

// An operation is a modelled operation, or a stream. One that is not written has no fn.
type operation struct {
	name    string
	svc     *service
	model   *models.Operation
	fn      *Op
	stream  *Stream // nil for an operation
	in, out *node
	limit   int64    // of the body, in bytes
	path    []string // REST-JSON: segments of the path
	reads   bool     // it changes nothing
	answers bool     // what it answers is recorded
}

// NewHandler checks every operation against its model and returns the handler.
func NewHandler(cfg Config) (*Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	h := &Handler{cfg: cfg, services: map[string]*service{}, targets: map[string]*service{}, versions: map[string]*service{},
		large: make(chan struct{}, largeBodiesAtOnce)}
	for _, m := range models.All() {
		h.add(m)
	}
	for _, spec := range cfg.Services {
		if err := h.install(spec); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// add registers a model with none of its operations written.
func (h *Handler) add(m *models.Model) {
	s := &service{model: m, spec: Service{Name: m.Service}, codec: codecOf(m), ops: map[string]*operation{}, internal: internalCode(m)}
	for i := range m.Operations {
		om := &m.Operations[i]
		s.ops[om.Name] = &operation{name: om.Name, svc: s, model: om, limit: bodyLimit(m.Service, om.Name), path: segments(om.URI), reads: readOnly(m.Service, om.Name)}
	}
	h.services[m.Service] = s
	switch m.Protocol {
	case models.JSON:
		h.targets[m.TargetPrefix] = s
		// SDKs disagree: of com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101 some
		// send all and some the end.
		h.targets[m.TargetPrefix[strings.LastIndexByte(m.TargetPrefix, '.')+1:]] = s
	case models.Query:
		h.versions[m.Version] = s
	case models.RESTJSON:
		h.rest = append(h.rest, s)
	}
}

// install adds the written operations of a service.
func (h *Handler) install(spec Service) error {
	s := h.services[spec.Name]
	if s == nil {
		return fmt.Errorf("awsapi: no model of service %q", spec.Name)
	}
	s.spec = spec
	s.addStreams()
	b := &binder{model: s.model, done: map[binding]*node{}}
	for i := range spec.Ops {
		fn := &spec.Ops[i]
		op := s.ops[fn.Name]
		switch {
		case op == nil:
			return fmt.Errorf("awsapi: %s has no operation %q", spec.Name, fn.Name)
		case op.fn != nil:
			return fmt.Errorf("awsapi: %s lists %s twice", spec.Name, fn.Name)
		case fn.Auth == SigV4 && (h.cfg.Credentials == nil || h.cfg.Authorizer == nil):
			return errors.New("awsapi: signed operations need Credentials and an Authorizer")
		}
		if err := op.bind(b, fn); err != nil {
			return fmt.Errorf("%s %s: %w", spec.Name, fn.Name, err)
		}
	}
	return nil
}

func (o *operation) bind(b *binder, fn *Op) (err error) {
	if o.in, err = b.bind(o.model.Input, fn.in); err != nil {
		return err
	}
	o.out, err = b.bind(o.model.Output, fn.out)
	o.fn = fn
	_, issues := o.out.byName["Credentials"]
	o.answers = !o.reads || issues // as CloudTrail has it
	return err
}

// internalCode returns the code that a service declares for its own failures.
func internalCode(m *models.Model) string {
	for _, f := range m.Faults {
		if f.Status == 500 {
			return f.Code
		}
	}
	return "InternalFailure"
}
