package idp

import "slices"

// The classes of authentication that an app may ask for with acr_values (OpenID
// Connect Core section 3.1.2.1, RFC 9470), and that tokens state as acr.
const (
	ACROneFactor         = "urn:poolhouse:acr:one-factor"
	ACRMultiFactor       = "urn:poolhouse:acr:multi-factor"
	ACRMultiFactorREFEDS = "https://refeds.org/profile/mfa" // what the SAML provider states
	ACRPhishingResistant = "phr"                            // OpenID Connect EAP ACR Values 1.0 section 2
)

// MethodDevice is among the methods of a sign-in whose second factor was a remembered
// device. RFC 8176 has no name for it, and it makes no sign-in one of two factors.
const MethodDevice = "device"

// ACRs are the classes that can be stated, the strongest last.
func ACRs() []string {
	return []string{ACROneFactor, ACRMultiFactor, ACRMultiFactorREFEDS, ACRPhishingResistant}
}

// KnownACR reports whether a class can be stated.
func KnownACR(acr string) bool { return slices.Contains(ACRs(), acr) }

// MeetsACR reports whether a sign-in by those methods (RFC 8176) is of a class.
func MeetsACR(methods []string, acr string) bool {
	switch acr {
	case ACROneFactor:
		return len(methods) > 0
	case ACRMultiFactor, ACRMultiFactorREFEDS:
		return slices.Contains(methods, "mfa")
	case ACRPhishingResistant: // a passkey: its key signs for our address and no other
		return slices.Contains(methods, "hwk") || slices.Contains(methods, "swk")
	}
	return false
}

// ChooseACR returns the first of the classes asked for that a sign-in is of, and true;
// else the class that it has reached, and whether nothing was asked.
func ChooseACR(methods, asked []string) (acr string, met bool) {
	for _, a := range asked {
		if MeetsACR(methods, a) {
			return a, true
		}
	}
	for _, a := range []string{ACRPhishingResistant, ACRMultiFactor, ACROneFactor} {
		if MeetsACR(methods, a) {
			acr = a
			break
		}
	}
	return acr, len(asked) == 0
}
