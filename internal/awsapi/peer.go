package awsapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
)

// A Peer is the client at the other end, as a server that trusts its proxies
// knows it.
type Peer struct {
	IP  string
	TLS bool // the client's own connection was encrypted
	Hop Hop
}

// A Hop is who handed a request to the server: the client itself, or a proxy.
type Hop struct {
	IP        string
	Forwarded bool // the request bears the headers of a proxy
	Trusted   bool // it is a proxy whose headers are believed
}

type peerKey struct{}

// WithPeer returns a context that says who the client is. Without it the
// address and TLS state of the connection itself are taken.
func WithPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

func peerOf(r *http.Request) Peer {
	if p, ok := r.Context().Value(peerKey{}).(Peer); ok {
		return p
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return Peer{IP: host, TLS: r.TLS != nil}
}

// newRequestID returns a random UUID (RFC 9562, version 4).
func newRequestID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
