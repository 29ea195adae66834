package samlidp

import (
	"crypto/rsa"
	"slices"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// The block ciphers that an application can be set to.
var ciphers = map[string]string{
	"aes256-gcm": samlxml.AES256GCM,
	"aes128-gcm": samlxml.AES128GCM,
	"aes256-cbc": samlxml.AES256CBC,
	"aes128-cbc": samlxml.AES128CBC,
}

func isCBC(cipher string) bool { return cipher == "aes256-cbc" || cipher == "aes128-cbc" }

// encryptionFor returns how to encrypt to an app, with the first key of its metadata
// that is good for it; nil where there is none. CBC, whose padding is an oracle, is
// used only where the application is set to it.
func encryptionFor(a *Application, sp *samlxml.SPMetadata) *samlxml.Encryption {
	for _, key := range sp.Encryption {
		public, ok := key.Certificate.PublicKey.(*rsa.PublicKey)
		if !ok || public.N.BitLen() < 2048 {
			continue
		}
		cipher := ciphers[a.Settings.EncryptionAlgorithm]
		if cipher == "" {
			cipher = cipherFor(key)
		}
		if transport, ok := transportFor(key); ok && cipher != "" {
			return &samlxml.Encryption{Certificate: key.Certificate, Method: cipher, Transport: transport}
		}
	}
	return nil
}

// cipherFor returns the first method with authentication that a key lists, and the
// strongest where it lists no block cipher at all. It is empty where the key lists
// none that we would use.
func cipherFor(key samlxml.EncryptionKey) string {
	listed := false
	for _, m := range key.Methods {
		if m.Algorithm == samlxml.AES256GCM || m.Algorithm == samlxml.AES128GCM {
			return m.Algorithm
		}
		_, transport := samlxml.TransportOf(m)
		listed = listed || !transport && !samlxml.IsTransport(m)
	}
	if listed {
		return ""
	}
	return samlxml.AES256GCM
}

// transportFor returns the first way of key transport that a key lists and we use.
// Where it lists none it is the one that everybody reads.
func transportFor(key samlxml.EncryptionKey) (samlxml.Transport, bool) {
	for _, m := range key.Methods {
		if t, ok := samlxml.TransportOf(m); ok {
			return t, true
		}
	}
	return samlxml.Transport{}, !slices.ContainsFunc(key.Methods, samlxml.IsTransport)
}
