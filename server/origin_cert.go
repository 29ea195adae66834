package server

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strings"
)

// Bounds of what a proxy says of a client's certificate.
const (
	maxChain       = 8
	maxChainHeader = 32 << 10 // bytes
)

// clientChain returns the certificates that the client showed, its own first: those
// of its connection, or what a trusted proxy that ended it says in Client-Cert and
// Client-Cert-Chain (RFC 9440). From anybody else these headers are ignored, and
// a trusted proxy's own certificate is not the client's. A header that cannot be
// read is none.
func (o origin) clientChain(r *http.Request) []*x509.Certificate {
	if !o.trusts(peerAddress(r)) {
		if r.TLS == nil {
			return nil
		}
		return r.TLS.PeerCertificates
	}
	leaf := r.Header.Values("Client-Cert")
	if len(leaf) != 1 || strings.Contains(leaf[0], ",") {
		return nil
	}
	all := append(leaf, strings.Split(strings.Join(r.Header.Values("Client-Cert-Chain"), ","), ",")...)
	var chain []*x509.Certificate
	for _, item := range all {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		cert, ok := certificateItem(item)
		if !ok || len(chain) == maxChain {
			return nil
		}
		chain = append(chain, cert)
	}
	return chain
}

// certificateItem reads a certificate as a byte sequence of RFC 8941 section 3.3.5:
// base64 between colons.
func certificateItem(item string) (*x509.Certificate, bool) {
	if len(item) > maxChainHeader || len(item) < 2 || item[0] != ':' || item[len(item)-1] != ':' {
		return nil, false
	}
	der, err := base64.StdEncoding.DecodeString(item[1 : len(item)-1])
	if err != nil {
		return nil, false
	}
	cert, err := x509.ParseCertificate(der)
	return cert, err == nil
}
