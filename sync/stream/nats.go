package stream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// partitionHeader carries a record's partition.
const partitionHeader = "Poolhouse-Partition"

// A natsSink publishes records to a subject of NATS that a JetStream stream has: only
// then does anybody say that a record is kept.
type natsSink struct {
	conn    *nats.Conn
	js      jetstream.JetStream
	subject string
}

func newNATS(u *url.URL) (Sink, error) {
	subject, err := subject(u)
	if err != nil {
		return nil, err
	}
	plain := *u
	plain.Path, plain.RawPath = "", ""
	conn, err := nats.Connect(plain.String(), nats.Name("poolhouse"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1))
	if err != nil {
		return nil, errors.New("the NATS URL is malformed") // the cause would show the password
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &natsSink{conn, js, subject}, nil
}

// subject is the path of an address.
func subject(u *url.URL) (string, error) {
	s := strings.Trim(u.Path, "/")
	if s == "" || strings.ContainsAny(s, "/*> \t\r\n") || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return "", errors.New("want nats://HOST/SUBJECT, and a subject without wildcards")
	}
	return s, nil
}

// Put implements Sink. JetStream drops a record that it has already, by its id.
func (s *natsSink) Put(ctx context.Context, r Record) error {
	m := nats.NewMsg(s.subject)
	m.Data = r.Body
	m.Header.Set(partitionHeader, r.Partition)
	_, err := s.js.PublishMsg(ctx, m, jetstream.WithMsgID(r.ID))
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge
	case err != nil:
		return fmt.Errorf("nats: %w", err)
	}
	return nil
}

// Close implements Sink.
func (s *natsSink) Close() error {
	s.conn.Close()
	return nil
}
