package syncclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Change says that a dataset has changed.
type Change struct {
	Dataset   string `json:"datasetName"`
	SyncCount int64  `json:"syncCount"`
	By        string `json:"lastModifiedBy"`
	Deleted   bool   `json:"deleted"`
}

// A Stream follows the changes of an identity's datasets. Where the connection breaks
// it comes back and resumes.
type Stream struct {
	Client   *Client
	Identity string
	Datasets []string // none: all

	Changed func(context.Context, Change) error
	Reset   func(context.Context) error // changes may have been missed: look at everything
	Warn    func(error)                 // told why the connection is made again

	last string
}

const (
	silence   = time.Minute // the server sends something every 20 s
	firstWait = time.Second
	longWait  = time.Minute
	maxEvent  = 1 << 20 // bytes of a line
)

// errEnded is how a stream ends in good order.
var errEnded = errors.New("the server ended the stream")

// Follow runs until ctx ends, a handler fails, or the server refuses for good.
func (s *Stream) Follow(ctx context.Context) error {
	for wait := firstWait; ; {
		opened, err := s.listen(ctx)
		if f := new(handlerError); errors.As(err, &f) {
			return f.error
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if refused(err) {
			return err
		}
		if opened {
			wait = firstWait
		}
		if !errors.Is(err, errEnded) {
			s.Warn(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait/2)):
			wait = min(2*wait, longWait)
		}
	}
}

// A handlerError is an error of the caller's own function that ends the stream.
type handlerError struct{ error }

// lasting marks an error of the caller's function, unless it may pass: then the event
// is asked for again.
func lasting(err error) error {
	if errors.As(err, new(*url.Error)) || IsStatus(err, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable) {
		return err
	}
	return &handlerError{err}
}

// refused reports whether asking again is of no use.
func refused(err error) bool {
	return IsStatus(err, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented)
}

// listen reads one connection to its end. opened reports whether the server took it.
func (s *Stream) listen(ctx context.Context) (opened bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body, err := s.open(ctx)
	if err != nil {
		return false, err
	}
	defer body.Close()
	quiet := time.AfterFunc(silence, func() { cancel(errors.New("the stream fell silent")) })
	defer quiet.Stop()
	if s.last == "" {
		if err := s.Reset(ctx); err != nil { // what was before this stream is not in it
			return true, lasting(err)
		}
	}
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxEvent)
	var e event
	for lines.Scan() {
		quiet.Reset(silence)
		if !e.take(lines.Text()) {
			continue
		}
		if err := s.handle(ctx, e); err != nil {
			return true, err
		}
		s.last, e = e.id, event{id: e.id}
	}
	if cause := context.Cause(ctx); cause != nil {
		return true, cause
	}
	return true, errors.Join(lines.Err(), errors.New("the stream broke off"))
}

func (s *Stream) open(ctx context.Context) (io.ReadCloser, error) {
	key, err := s.Client.Key(ctx)
	if err != nil {
		return nil, lasting(err)
	}
	h := http.Header{"Accept": {"text/event-stream"}}
	if s.last != "" {
		h.Set("Last-Event-ID", s.last)
	}
	path := s.Client.Path(s.Identity) + "/live"
	if len(s.Datasets) > 0 {
		path += "?" + url.Values{"dataset": s.Datasets}.Encode()
	}
	return s.Client.API.Stream(ctx, path, "cognito-sync", h, &key)
}

func (s *Stream) handle(ctx context.Context, e event) error {
	var err error
	switch e.name {
	case "change":
		var c Change
		if err := json.Unmarshal([]byte(e.data), &c); err != nil {
			return fmt.Errorf("a change that cannot be read: %w", err)
		}
		err = s.Changed(ctx, c)
	case "reset":
		err = s.Reset(ctx)
	case "bye":
		return errEnded
	}
	if err != nil {
		return lasting(err)
	}
	return nil
}

// An event is one server-sent event (HTML Living Standard, section 9.2.6).
type event struct{ name, data, id string }

// take takes in a line, and reports whether it ends a block. One without data only
// sets the ID.
func (e *event) take(line string) bool {
	field, value, _ := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		e.name = value
	case "data":
		e.data += value + "\n"
	case "id":
		e.id = value
	}
	return line == ""
}
