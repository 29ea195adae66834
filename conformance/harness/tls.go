package harness

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
)

// TLS has the server answer at https://localhost with a certificate that only
// the given authorities vouch for.
func TLS(certFile, keyFile string, roots *x509.CertPool) Option {
	return func(s *Server) {
		s.URL = "https://localhost" + s.URL[strings.LastIndex(s.URL, ":"):]
		s.args = append(s.args, "--tls-cert", certFile, "--tls-key", keyFile, "--public-url", s.URL)
		s.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	}
}

// Through returns the server as it is reached over another transport.
func (s *Server) Through(transport http.RoundTripper) *Server {
	other := *s
	other.HTTP = &http.Client{Transport: transport}
	return &other
}

// AtLocalhost has the server name itself by the host name of this machine instead of
// its address: passkeys are made for names alone.
func AtLocalhost() Option {
	return func(s *Server) {
		s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		s.args = append(s.args, "--public-url", s.URL)
	}
}
