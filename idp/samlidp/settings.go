package samlidp

import (
	"regexp"
	"slices"

	"github.com/poolhouse/poolhouse/internal/expr"
	"github.com/poolhouse/poolhouse/internal/samlmeta"
)

// Settings are the finer points of an application. The zero value is what suits most.
type Settings struct {
	// SignatureAlgorithm is rsa-sha256, ecdsa-sha384 or the like; empty for what the
	// metadata asks for, RSA with SHA-256 where it asks for nothing.
	SignatureAlgorithm string
	// SigningKeyID is the key that signs for this app while the pool's keys roll over;
	// empty for the active one, which also takes over once this one is gone.
	SigningKeyID string

	// EncryptIfOffered encrypts the assertion where the metadata has a key for it.
	// EncryptAssertion of the application insists.
	EncryptIfOffered bool
	// EncryptionAlgorithm is aes256-gcm or the like; empty for what the metadata asks
	// for. Only by this setting it can be one with CBC.
	EncryptionAlgorithm string

	// NameIDExpression names the user in place of an attribute. It sees no address that
	// was not verified.
	NameIDExpression string

	// SubjectID is the subject identifier that the app gets as an attribute: subject-id,
	// pairwise-id, none, or empty for what its metadata asks for. It needs a scope of
	// the pool.
	SubjectID string

	// GroupPrefixes and GroupPattern, a regular expression that must match all of a
	// name, say which groups the app may be told of: those that fit either. Without
	// both it is all of them.
	GroupPrefixes []string
	GroupPattern  string
	// OnlyRequested holds back what the app's metadata does not ask for.
	OnlyRequested bool

	// MetadataSigner is a certificate in PEM whose key must have signed the root of the
	// metadata; empty for metadata that whoever supplies it vouches for.
	MetadataSigner string
	// MetadataEntityID chooses the app from the metadata of a federation.
	MetadataEntityID string
	// MetadataQuery has the URL of the metadata be a server of metadata queries, which is
	// asked for MetadataEntityID (Metadata Query Protocol, draft-young-md-query).
	MetadataQuery bool
	// MetadataValidDays bounds how far ahead validUntil of the metadata may be, in days:
	// then it has to be there. Zero asks for none.
	MetadataValidDays int

	// RequireSignedRequests refuses requests without a signature. Metadata can want
	// that too.
	RequireSignedRequests bool
	// LogoutBySOAP has us send the app LogoutRequests by SOAP, past the browser, although
	// its metadata has an address for browsers too.
	LogoutBySOAP bool
	// RelayState goes with a sign-in that starts here, unless its address has one; with
	// RelayStateFixed even then.
	RelayState      string
	RelayStateFixed bool
}

// maxPattern is the longest GroupPattern, in bytes: what it compiles to is kept.
const maxPattern = 256

const maxValidDays = 3650

// metadataAddress is where metadata that is named by a URL is fetched.
func (s *Settings) metadataAddress(address string) string {
	if s.MetadataQuery {
		return samlmeta.QueryAddress(address, s.MetadataEntityID)
	}
	return address
}

func (s *Settings) validate(fail func(string) error) error {
	if s.SignatureAlgorithm != "" && signatureMethods[s.SignatureAlgorithm] == "" {
		return fail("SignatureAlgorithm must be rsa-sha256, rsa-sha384, rsa-sha512, ecdsa-sha256, ecdsa-sha384 or ecdsa-sha512.")
	}
	if s.EncryptionAlgorithm != "" && ciphers[s.EncryptionAlgorithm] == "" {
		return fail("EncryptionAlgorithm must be aes256-gcm, aes128-gcm, aes256-cbc or aes128-cbc.")
	}
	if s.MetadataQuery && s.MetadataEntityID == "" {
		return fail("MetadataQuery needs MetadataEntityId, which is asked for.")
	}
	if s.MetadataValidDays < 0 || s.MetadataValidDays > maxValidDays {
		return fail("MetadataValidDays can be 0 to 3650.")
	}
	if len(s.RelayState) > maxRelayState {
		return fail("RelayState is too long.")
	}
	if !validSubjectID(s.SubjectID) {
		return fail("SubjectId must be subject-id, pairwise-id or none.")
	}
	if s.NameIDExpression != "" {
		if err := compiles("the NameID", s.NameIDExpression, fail); err != nil {
			return err
		}
	}
	if _, err := s.groupPattern(); err != nil || len(s.GroupPattern) > maxPattern {
		return fail("GroupPattern must be a regular expression of at most 256 characters, which repeats nothing hundreds of times.")
	}
	if slices.Contains(s.GroupPrefixes, "") {
		return fail("GroupPrefixes holds an empty one, which every group begins with.")
	}
	return nil
}

// groupPattern compiles GroupPattern; nil where there is none.
func (s *Settings) groupPattern() (*regexp.Regexp, error) {
	if s.GroupPattern == "" {
		return nil, nil
	}
	return expr.Whole(s.GroupPattern)
}
