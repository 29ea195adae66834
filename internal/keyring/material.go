package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// certificateLife is long because service providers pin these certificates;
// they are replaced by rotation, not by running out.
const certificateLife = 10 * 365 * 24 * time.Hour

const (
	pemKey         = "PRIVATE KEY"
	pemCertificate = "CERTIFICATE"
)

// Generate makes a private key for a JWS algorithm: RSA of 2048 bits, an elliptic
// curve as large as the algorithm's hash, or Ed25519.
func Generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("keyring: cannot make a key for algorithm %q", algorithm)
}

// newID returns 128 random bits as hex: it stands in JWT headers and URLs.
func newID() string {
	raw := make([]byte, 16)
	rand.Read(raw)
	return hex.EncodeToString(raw)
}

// selfSigned returns a certificate for a key as DER. Its validity starts a day
// early so that a verifier with a slow clock accepts it.
func selfSigned(key crypto.Signer, subject string, now time.Time) ([]byte, error) {
	serial := make([]byte, 16)
	rand.Read(serial)
	serial[0] &= 0x7f
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               pkix.Name{CommonName: subject},
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.Add(certificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}

// encodeMaterial returns the key as PKCS #8, followed by its certificate if any.
func encodeMaterial(key crypto.Signer, certificate []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := pem.Encode(&buf, &pem.Block{Type: pemKey, Bytes: der}); err != nil {
		return nil, err
	}
	if certificate != nil {
		err = pem.Encode(&buf, &pem.Block{Type: pemCertificate, Bytes: certificate})
	}
	return buf.Bytes(), err
}

// decodeMaterial reads what encodeMaterial wrote. An RSA key comes precomputed,
// which halves the cost of each signature.
func decodeMaterial(raw []byte) (crypto.Signer, *x509.Certificate, error) {
	var (
		key  crypto.Signer
		cert *x509.Certificate
	)
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case pemKey:
			key, err = parseKey(block.Bytes)
		case pemCertificate:
			cert, err = x509.ParseCertificate(block.Bytes)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if key == nil {
		return nil, nil, errors.New("keyring: stored key holds no private key")
	}
	return key, cert, nil
}

func parseKey(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("keyring: a %T cannot sign", key)
	}
	return signer, nil
}
