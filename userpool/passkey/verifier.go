// Package passkey judges the answers of authenticators for userpool, by way of
// go-webauthn. It is a room of its own because that library knows net/http.
package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/poolhouse/poolhouse/userpool"
)

// A Verifier is a userpool.PasskeyVerifier.
type Verifier struct{}

var _ userpool.PasskeyVerifier = Verifier{}

// maxAnswer bounds what is parsed, in bytes. Attestations with chains of
// certificates are the largest; no browser sends them unasked.
const maxAnswer = 16 << 10

var errData = userpool.Fail(userpool.ErrInvalidParameter, "Credential data is not valid")

// Register implements userpool.PasskeyVerifier.
func (Verifier) Register(c userpool.PasskeyCeremony, answer []byte) (*userpool.Passkey, error) {
	if len(answer) > maxAnswer {
		return nil, errData
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, errData
	}
	data := parsed.Response.AttestationObject.AuthData
	if err := check(c, parsed.Response.CollectedClientData, data); err != nil {
		return nil, err
	}
	if !supported(data.AttData.CredentialPublicKey) || c.VerifyUser && !data.Flags.HasUserVerified() {
		return nil, userpool.ErrPasskeyNotSupported
	}
	party, err := relyingParty(c, parsed.Response.CollectedClientData.Origin)
	if err != nil {
		return nil, err
	}
	made, err := party.CreateCredential(owner{c.User, nil}, session(c), parsed)
	if err != nil {
		return nil, errData
	}
	return &userpool.Passkey{
		ID: base64.RawURLEncoding.EncodeToString(made.ID), RelyingParty: c.RelyingParty,
		Attachment: string(parsed.AuthenticatorAttachment), Transports: transports(made.Transport),
		PublicKey: made.PublicKey, Count: made.Authenticator.SignCount, AAGUID: made.Authenticator.AAGUID,
		BackupEligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, UserVerified: made.Flags.UserVerified,
	}, nil
}

// SignIn implements userpool.PasskeyVerifier.
func (Verifier) SignIn(c userpool.PasskeyCeremony, keys []*userpool.Passkey, answer []byte) (*userpool.PasskeyUse, error) {
	if len(answer) > maxAnswer {
		return nil, errData
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, errData
	}
	if err := check(c, parsed.Response.CollectedClientData, parsed.Response.AuthenticatorData); err != nil {
		return nil, err
	}
	user, err := ownerOf(c.User, keys)
	if err != nil {
		return nil, err
	}
	party, err := relyingParty(c, parsed.Response.CollectedClientData.Origin)
	if err != nil {
		return nil, err
	}
	used, err := party.ValidateLogin(user, session(c), parsed)
	if err != nil {
		return nil, errData
	}
	data := parsed.Response.AuthenticatorData
	return &userpool.PasskeyUse{ID: base64.RawURLEncoding.EncodeToString(used.ID), Count: data.Counter,
		UserVerified: data.Flags.HasUserVerified(), BackedUp: data.Flags.HasBackupState()}, nil
}

// check makes the checks that have an error of their own, before the library makes
// them once more among all others.
func check(c userpool.PasskeyCeremony, client protocol.CollectedClientData, data protocol.AuthenticatorData) error {
	if !allowedOrigin(client.Origin, c.RelyingParty) {
		return userpool.ErrPasskeyOrigin
	}
	if hash := sha256.Sum256([]byte(c.RelyingParty)); !bytes.Equal(hash[:], data.RPIDHash) {
		return userpool.ErrPasskeyRelyingParty
	}
	return nil
}

// Algorithms are the COSE algorithms that passkeys may sign with, the preferred one first.
var Algorithms = []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgRS256}

// The sizes of RSA keys that are taken, in bytes of the modulus and of the exponent.
// Authenticators make 2048 bits. Nobody signs at a registration: a key of a hundred
// kilobits would cost the server seconds at every sign-in that is tried with it.
const (
	minModulus  = 256
	maxModulus  = 512
	maxExponent = 4
)

// supported reports whether a public key is of an algorithm that was offered, and of
// a size that can be verified quickly.
func supported(cose []byte) bool {
	key, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return false
	}
	switch k := key.(type) {
	case webauthncose.EC2PublicKeyData:
		return slices.Contains(Algorithms, webauthncose.COSEAlgorithmIdentifier(k.Algorithm))
	case webauthncose.RSAPublicKeyData:
		n := len(k.Modulus)
		return n >= minModulus && n <= maxModulus && len(k.Exponent) <= maxExponent && slices.Contains(Algorithms, webauthncose.COSEAlgorithmIdentifier(k.Algorithm))
	}
	return false
}

// relyingParty is the library, set up for one ceremony. The origin was allowed.
func relyingParty(c userpool.PasskeyCeremony, origin string) (*webauthn.WebAuthn, error) {
	cfg := &webauthn.Config{RPID: c.RelyingParty, RPDisplayName: c.RelyingParty, RPOrigins: []string{origin},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore}
	if protocol.IsOpaqueOrigin(origin) {
		cfg.RPOrigins, cfg.RPOpaqueOrigins = []string{"https://" + c.RelyingParty}, []string{origin}
	}
	return webauthn.New(cfg)
}

func session(c userpool.PasskeyCeremony) webauthn.SessionData {
	s := webauthn.SessionData{Challenge: c.Challenge, RelyingPartyID: c.RelyingParty, UserID: c.User,
		UserVerification: protocol.VerificationPreferred}
	if c.VerifyUser {
		s.UserVerification = protocol.VerificationRequired
	}
	for _, alg := range Algorithms {
		s.CredParams = append(s.CredParams, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	return s
}

func transports(list []protocol.AuthenticatorTransport) []string {
	var out []string
	for _, t := range list {
		out = append(out, string(t))
	}
	return out
}
