package samlidp

// Settings are the finer points of an application. The zero value is what suits most.
type Settings struct {
	// SignatureAlgorithm is rsa-sha256, ecdsa-sha384 or the like; empty for what the
	// metadata asks for, RSA with SHA-256 where it asks for nothing.
	SignatureAlgorithm string

	// EncryptIfOffered encrypts the assertion where the metadata has a key for it.
	// EncryptAssertion of the application insists.
	EncryptIfOffered bool
	// EncryptionAlgorithm is aes256-gcm or the like; empty for what the metadata asks
	// for. Only by this setting it can be one with CBC.
	EncryptionAlgorithm string
}

func (s *Settings) validate(fail func(string) error) error {
	if s.SignatureAlgorithm != "" && signatureMethods[s.SignatureAlgorithm] == "" {
		return fail("SignatureAlgorithm must be rsa-sha256, rsa-sha384, rsa-sha512, ecdsa-sha256, ecdsa-sha384 or ecdsa-sha512.")
	}
	if s.EncryptionAlgorithm != "" && ciphers[s.EncryptionAlgorithm] == "" {
		return fail("EncryptionAlgorithm must be aes256-gcm, aes128-gcm, aes256-cbc or aes128-cbc.")
	}
	return nil
}
