package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Which certificates connections are asked for. One of client-ca is named to the
// other side, so that a browser which has none of it does not ask its user; with
// any, nothing is named.
const (
	clientCertsCA  = "ca"
	clientCertsAny = "any"
)

// suites are those of TLS 1.2 that RFC 9325 section 4.2 recommends, as FAPI 2.0
// section 5.2.2 demands. Those of TLS 1.3 are all good.
var suites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}

// tlsConfig is how connections are taken. Whose certificate a client shows is for
// the endpoints to judge: a wrong one fails there, with an error that can be read.
func (c *Config) tlsConfig() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("tls-cert, tls-key: %w", err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, CipherSuites: suites,
		NextProtos: []string{"h2", "http/1.1"}}
	roots, err := c.clientRoots()
	if err != nil {
		return nil, err
	}
	if c.ClientCerts != clientCertsAny {
		conf.ClientCAs = roots
	}
	if roots != nil || c.ClientCerts == clientCertsAny {
		conf.ClientAuth = tls.RequestClientCert
	}
	return conf, nil
}

// clientRoots are the authorities that certify clients; nil where there are none.
func (c *Config) clientRoots() (*x509.CertPool, error) {
	if c.ClientCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("client-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("client-ca %s: no certificate in it", c.ClientCA)
	}
	return roots, nil
}

// mutualTLS reports whether clients can show certificates (RFC 8705), here or to a
// proxy that passes them on.
func (c *Config) mutualTLS(url string) bool {
	return secure(url) && (c.ClientCA != "" || c.ClientCerts == clientCertsAny)
}
