package samlidp

import (
	"context"
	"crypto/x509"
	"slices"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// The signature methods that an application can be set to.
var signatureMethods = map[string]string{
	"rsa-sha256":   samlxml.RSASHA256,
	"rsa-sha384":   samlxml.RSASHA384,
	"rsa-sha512":   samlxml.RSASHA512,
	"ecdsa-sha256": samlxml.ECDSASHA256,
	"ecdsa-sha384": samlxml.ECDSASHA384,
	"ecdsa-sha512": samlxml.ECDSASHA512,
}

// A keyKind is one of the kinds of key that a pool can sign with. Each is a scope of
// the key ring of its own, and rolls over by itself.
type keyKind struct{ name, scope, algorithm string }

// The kinds of key, the one that every pool has first.
var (
	keyRSA   = keyKind{"RSA_2048", "/saml", "RS256"}
	keyP256  = keyKind{"EC_P256", "/saml-es256", "ES256"}
	keyP384  = keyKind{"EC_P384", "/saml-es384", "ES384"}
	keyKinds = []keyKind{keyRSA, keyP256, keyP384}
)

func (k keyKind) of(pool userpool.PoolID) string { return "pool/" + string(pool) + k.scope }

// kindFor returns the kind of key that a method is used with.
func kindFor(method string) keyKind {
	switch {
	case method == samlxml.ECDSASHA256:
		return keyP256
	case samlxml.IsECDSA(method):
		return keyP384
	}
	return keyRSA
}

// signer returns the key that a pool signs with where no app says otherwise.
func (h *Handler) signer(ctx context.Context, pool userpool.PoolID) (samlxml.Signer, error) {
	return h.signerOf(ctx, pool, keyRSA)
}

func (h *Handler) signerOf(ctx context.Context, pool userpool.PoolID, kind keyKind) (samlxml.Signer, error) {
	key, err := h.Keys.CertifiedSignerOf(ctx, kind.of(pool), kind.algorithm, string(pool))
	if err != nil {
		return samlxml.Signer{}, err
	}
	return samlxml.Signer{Key: key.Private, Certificate: key.Certificate}, nil
}

// signer returns the key and the methods that this app's answers are signed with.
func (x *exchange) signer(ctx context.Context) (samlxml.Signer, error) {
	if s, ok, err := x.pinned(ctx); ok || err != nil {
		return s, err
	}
	method, err := x.signatureMethod(ctx)
	if err != nil {
		return samlxml.Signer{}, err
	}
	s, err := x.h.signerOf(ctx, x.pool.ID, kindFor(method))
	s.Method, s.Digest = method, digestFor(x.sp.SPMetadata)
	return s, err
}

// querySigner returns the key and the method that a query to the app is signed with.
// Where nobody has set one it is RSA, if the app reads that at all: some that list
// ECDSA check it in documents alone.
func (x *exchange) querySigner(ctx context.Context) (samlxml.Signer, error) {
	rsa := slices.IndexFunc(x.sp.Algorithms.Signature, func(m string) bool { return samlxml.CanSign(m) && !samlxml.IsECDSA(m) })
	if rsa < 0 || x.app.Settings.SigningKeyID != "" || x.app.Settings.SignatureAlgorithm != "" {
		return x.signer(ctx)
	}
	s, err := x.h.signer(ctx, x.pool.ID)
	s.Method, s.Digest = x.sp.Algorithms.Signature[rsa], digestFor(x.sp.SPMetadata)
	return s, err
}

// pinned returns the key that the application is set to, if the pool still has it. The
// method is the set one if it fits the key, and else the key's own.
func (x *exchange) pinned(ctx context.Context) (s samlxml.Signer, ok bool, err error) {
	id := x.app.Settings.SigningKeyID
	if id == "" {
		return s, false, nil
	}
	for _, kind := range keyKinds {
		keys, err := x.h.Keys.Published(ctx, kind.of(x.pool.ID))
		if err != nil {
			return s, false, err
		}
		for _, k := range keys {
			if k.ID != id {
				continue
			}
			s = samlxml.Signer{Key: k.Private, Certificate: k.Certificate, Digest: digestFor(x.sp.SPMetadata)}
			if m := signatureMethods[x.app.Settings.SignatureAlgorithm]; m != "" && kindFor(m) == kind {
				s.Method = m
			}
			return s, true, nil
		}
	}
	return s, false, nil
}

// signatureMethod is what the application is set to, or else the first that its
// metadata lists and the pool has a key for. A pool makes a key of another kind only
// for an app that reads nothing else: the app has to know its certificate first.
func (x *exchange) signatureMethod(ctx context.Context) (string, error) {
	if m := signatureMethods[x.app.Settings.SignatureAlgorithm]; m != "" {
		return m, nil
	}
	listed := slices.DeleteFunc(slices.Clone(x.sp.Algorithms.Signature), func(m string) bool { return !samlxml.CanSign(m) })
	for _, m := range listed {
		if kind := kindFor(m); kind != keyRSA {
			keys, err := x.h.Keys.Published(ctx, kind.of(x.pool.ID))
			if err != nil {
				return "", err
			}
			if len(keys) == 0 {
				continue
			}
		}
		return m, nil
	}
	if len(listed) > 0 {
		return listed[0], nil
	}
	return samlxml.RSASHA256, nil
}

// digestFor is the digest method that an app's metadata asks for: the first listed
// that we have, or none, for the one that goes with the signature.
func digestFor(sp *samlxml.SPMetadata) string {
	i := slices.IndexFunc(sp.Algorithms.Digest, samlxml.CanDigest)
	if i < 0 {
		return ""
	}
	return sp.Algorithms.Digest[i]
}

// publishedKeys returns the keys of a pool that apps should know: of each kind the
// active one first, then the next and those that no longer sign. The first RSA key
// is made here.
func publishedKeys(ctx context.Context, ring keyring.Ring, pool userpool.PoolID) ([]*keyring.Key, error) {
	if _, err := ring.CertifiedSignerOf(ctx, keyRSA.of(pool), keyRSA.algorithm, string(pool)); err != nil {
		return nil, err
	}
	var all []*keyring.Key
	for _, kind := range keyKinds {
		keys, err := ring.Published(ctx, kind.of(pool))
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}

// certificates returns the certificates of publishedKeys. The one that signs stands
// first, because some apps read no further.
func (h *Handler) certificates(ctx context.Context, pool userpool.PoolID) ([]*x509.Certificate, error) {
	signs, err := h.signer(ctx, pool)
	if err != nil {
		return nil, err
	}
	keys, err := publishedKeys(ctx, h.Keys, pool)
	if err != nil {
		return nil, err
	}
	certs := []*x509.Certificate{signs.Certificate}
	for _, key := range keys {
		if c := key.Certificate; c != nil && !slices.ContainsFunc(certs, c.Equal) {
			certs = append(certs, c)
		}
	}
	return certs, nil
}
