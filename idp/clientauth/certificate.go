package clientauth

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// Thumbprint is the x5t#S256 of a certificate: what tokens are bound to (RFC 8705
// section 3.1).
func Thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// checkCertificate is tls_client_auth (RFC 8705 section 2.1): a certificate that an
// authority of ours has signed, with the name that the client registered. The
// chain is judged here, whoever ended the connection.
func (a *Authenticator) checkCertificate(r *Request, c *userpool.Client) error {
	if len(r.Certificates) == 0 || a.Roots == nil {
		return errFailed
	}
	between := x509.NewCertPool()
	for _, cert := range r.Certificates[1:] {
		between.AddCert(cert)
	}
	_, err := r.Certificates[0].Verify(x509.VerifyOptions{Roots: a.Roots, Intermediates: between, CurrentTime: a.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil || !named(r.Certificates[0], &c.OpenID) {
		return refuse("The certificate is not one of this client.")
	}
	return nil
}

// named reports whether a certificate has the one name that is registered (RFC 8705
// section 2.1.2).
func named(cert *x509.Certificate, o *userpool.OpenIDClient) bool {
	switch n := o.TLSNames; {
	case o.TLSSubject != "":
		return normalName(subject(cert)) == normalName(o.TLSSubject)
	case n.DNS != "":
		return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.EqualFold(name, n.DNS) })
	case n.URI != "":
		for _, u := range cert.URIs {
			if u.String() == n.URI {
				return true
			}
		}
	case n.IP != "":
		ip := net.ParseIP(n.IP)
		return ip != nil && slices.ContainsFunc(cert.IPAddresses, ip.Equal)
	case n.Email != "":
		return slices.Contains(cert.EmailAddresses, n.Email)
	}
	return false
}

// subject is the distinguished name as RFC 4514 writes it, in the order of the
// certificate. (pkix.Name would sort it.)
func subject(cert *x509.Certificate) string {
	var names pkix.RDNSequence
	if rest, err := asn1.Unmarshal(cert.RawSubject, &names); err != nil || len(rest) > 0 {
		return ""
	}
	return names.String()
}

// normalName takes the freedom out of a distinguished name: the spaces around
// separators and the case of what names an attribute. Values stay as they are.
func normalName(text string) string {
	var parts []string
	start, escaped := 0, false
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (escaped || text[i] != ',') {
			escaped = !escaped && text[i] == '\\'
			continue
		}
		part := strings.TrimSpace(text[start:i])
		if name, value, ok := strings.Cut(part, "="); ok {
			part = strings.ToUpper(strings.TrimSpace(name)) + "=" + strings.TrimSpace(value)
		}
		parts, start = append(parts, part), i+1
	}
	return strings.Join(parts, ",")
}

// checkSelfSigned is self_signed_tls_client_auth (RFC 8705 section 2.2): a certificate
// that stands in the client's key set as x5c. Nobody needs to have signed it.
func (a *Authenticator) checkSelfSigned(ctx context.Context, r *Request, c *userpool.Client) error {
	if len(r.Certificates) == 0 {
		return errFailed
	}
	cert := r.Certificates[0]
	if now := a.Now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return refuse("The certificate is not valid now.")
	}
	keys, err := a.keys(c, userpool.AuthSelfSignedTLS)
	// A kid that no set has makes one at an address be read anew, once in a while:
	// without it a client could not change its certificate.
	for _, kid := range []string{"", "x5t#S256:" + Thumbprint(cert), ""} {
		if err != nil {
			break
		}
		var found jose.Keys
		found, err = keys.Find(ctx, kid)
		if slices.ContainsFunc(found, func(k jose.Key) bool { return len(k.Certificates) > 0 && k.Certificates[0].Equal(cert) }) {
			return nil
		}
	}
	if err == nil || errors.Is(err, jose.ErrInvalid) || errors.Is(err, jose.ErrUnavailable) {
		return refuse("The certificate is not one of this client.")
	}
	return err
}
