package samlidp

import (
	"fmt"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// Warnings returns what an administrator should know of an application that works.
func (s *Service) Warnings(a *Application) []string {
	var all []string
	if isCBC(a.Settings.EncryptionAlgorithm) {
		all = append(all, "Assertions are encrypted with CBC, which does not protect them against change: use AES-GCM if the app can read it.")
	}
	sp, err := samlxml.ParseSPMetadata([]byte(a.MetadataXML))
	if err != nil {
		return append(all, "The metadata can no longer be read.")
	}
	if a.Settings.EncryptIfOffered && len(sp.Encryption) > 0 && encryptionFor(a, sp) == nil {
		all = append(all, "Assertions are not encrypted: the metadata has no RSA key of 2048 bits or more for an algorithm with authentication.")
	}
	if !sp.ValidUntil.IsZero() && !s.Now().Before(sp.ValidUntil) {
		all = append(all, "The metadata is no longer valid.")
	}
	if f := a.Fresh; f.Failures > 0 {
		all = append(all, fmt.Sprintf("The metadata could not be refreshed %d times in a row. %s The last good one is in use.", f.Failures, f.Problem))
	}
	return all
}
