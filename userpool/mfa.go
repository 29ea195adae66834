package userpool

import "slices"

// The factors that can follow a password, by the names of their challenges.
const (
	FactorSMS   = "SMS_MFA"
	FactorTOTP  = "SOFTWARE_TOKEN_MFA"
	FactorEmail = "EMAIL_OTP"

	// FactorPasskey never follows another factor: it can stand for both.
	FactorPasskey = challengePasskey
)

// The values of Pool.MFA. The empty string acts as MFAOff.
const (
	MFAOff      = "OFF"
	MFAOptional = "OPTIONAL"
	MFAOn       = "ON"
)

// MFA is what a user proves besides the password.
type MFA struct {
	SMS   bool `json:",omitempty"` // enabled; of use with a phone number
	Email bool `json:",omitempty"` // enabled; of use with an e-mail address
	TOTP  bool `json:",omitempty"` // enabled; of use with a Secret

	// Passkey says that a passkey is to stand for both factors, where the pool lets it.
	Passkey bool `json:",omitempty"`

	Preferred string `json:",omitempty"` // one of the enabled factors, or empty

	TOTPName string `json:",omitempty"` // of the device, as its owner calls it
	TOTPStep int64  `json:",omitempty"` // of the last code that was used: it and older ones are refused

	Secret  []byte `json:"-"` // TOTP secret that its owner proved to have; sealed at rest
	Pending []byte `json:"-"` // TOTP secret that was given out, not yet proved; sealed at rest
}

var errTOTPUsed = Fail(ErrExpiredCode, "Your software token has already been used once.")

// UseStep uses up the TOTP codes of a step and of those before it. In a store's
// update one of many callers succeeds; the others get ErrExpiredCode.
func (m *MFA) UseStep(step int64) error {
	if step <= m.TOTPStep {
		return errTOTPUsed
	}
	m.TOTPStep = step
	return nil
}

// Enabled lists the factors that the user has turned on, the preferred one as such.
func (m *MFA) Enabled() (list []string, preferred string) {
	for _, f := range []struct {
		name string
		on   bool
	}{{FactorSMS, m.SMS}, {FactorTOTP, m.TOTP}, {FactorEmail, m.Email}} {
		if f.on {
			list = append(list, f.name)
		}
	}
	return list, m.Preferred
}

// asksFor reports whether a factor can be part of a sign-in to the pool.
func (p *Pool) asksFor(factor string) bool {
	if p.MFA != MFAOn && p.MFA != MFAOptional {
		return false
	}
	switch factor {
	case FactorSMS:
		return p.SMSMFA
	case FactorTOTP:
		return p.TOTPMFA
	case FactorEmail:
		return p.EmailMFA
	case FactorPasskey:
		return p.Passkeys.MultiFactor
	}
	return false
}

// able reports whether a user could prove a factor.
func (u *User) able(factor string) bool {
	switch factor {
	case FactorSMS:
		return u.Attributes["phone_number"] != ""
	case FactorTOTP:
		return len(u.MFA.Secret) > 0
	case FactorEmail:
		return u.Attributes["email"] != ""
	case FactorPasskey:
		return true // a user who has none yet is asked for another factor
	}
	return false
}

// Factors lists the factors that a sign-in of u takes one of: those that are
// turned on or, where the pool insists on a second factor and none is, whatever
// the user can prove. Without any, a sign-in needs the password alone, or, where
// the pool insists, begins with setting one up.
func (p *Pool) Factors(u *User) []string {
	usable := func(f string) bool { return p.asksFor(f) && u.able(f) }
	enabled, preferred := u.MFA.Enabled()
	if preferred != "" && usable(preferred) {
		return []string{preferred}
	}
	on := slices.DeleteFunc(enabled, func(f string) bool { return !usable(f) })
	if len(on) > 0 || p.MFA != MFAOn {
		return on
	}
	return slices.DeleteFunc([]string{FactorSMS, FactorTOTP, FactorEmail}, func(f string) bool { return !usable(f) })
}

// movesFactor reports whether a new value of an attribute would send the codes of
// u's second factor elsewhere, or nowhere.
func (p *Pool) movesFactor(u *User, attribute, value string) bool {
	address := attribute == "email" || attribute == "phone_number"
	return address && p.secondFactor(u, attribute) && value != u.Attributes[attribute]
}

// keepFactors leaves u, who got addresses between the password and the second
// factor, with the factors from before: the addresses prove nothing yet. A user
// who had none goes on as a new one.
func (p *Pool) keepFactors(u *User, before []string) {
	if len(before) == 0 || slices.Equal(p.Factors(u), before) {
		return
	}
	for _, f := range []string{FactorSMS, FactorTOTP, FactorEmail} {
		on := slices.Contains(before, f)
		u.MFA.set(FactorSetting{f, on, on && u.MFA.Preferred == f})
	}
}

// canSetUp lists the factors that a user without any can set up in a sign-in.
func (p *Pool) canSetUp(u *User) []string {
	list := []string{}
	if p.asksFor(FactorTOTP) {
		list = append(list, FactorTOTP)
	}
	if p.asksFor(FactorEmail) && u.Attributes["email"] == "" {
		list = append(list, FactorEmail)
	}
	return list
}

// checkMFA refuses a pool that asks for a second factor and has none.
func (p *Pool) checkMFA() error {
	switch p.MFA {
	case "", MFAOff:
		return nil
	case MFAOptional, MFAOn:
		if p.SMSMFA || p.TOTPMFA || p.EmailMFA {
			return nil
		}
		return invalid("MfaConfiguration %s needs a second factor: SmsConfiguration, or SoftwareTokenMfaConfiguration or EmailMfaConfiguration of SetUserPoolMfaConfig.", p.MFA)
	}
	return invalid("Invalid MfaConfiguration: %s.", p.MFA)
}
