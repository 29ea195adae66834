package idp_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/idp"
)

func TestChooseACR(t *testing.T) {
	one, two, passkey := []string{"pwd"}, []string{"pwd", "otp", "mfa"}, []string{"hwk", "user", "mfa"}
	for _, tt := range []struct {
		name    string
		methods []string
		asked   []string
		want    string
		met     bool
	}{
		{"nothing asked", one, nil, idp.ACROneFactor, true},
		{"one factor is enough", two, []string{idp.ACROneFactor}, idp.ACROneFactor, true},
		{"the first that is met", two, []string{"phr", idp.ACRMultiFactorREFEDS, idp.ACROneFactor}, idp.ACRMultiFactorREFEDS, true},
		{"not met: what there is", one, []string{idp.ACRMultiFactor}, idp.ACROneFactor, false},
		{"unknown class", two, []string{"1", "2"}, idp.ACRMultiFactor, false},
		{"a code is no passkey", two, []string{"phr"}, idp.ACRMultiFactor, false},
		{"a passkey", passkey, []string{"phr"}, "phr", true},
		{"two methods are not two factors", []string{"pwd", "otp"}, []string{idp.ACRMultiFactor}, idp.ACROneFactor, false},
		{"no sign-in at all", nil, []string{idp.ACROneFactor}, "", false},
	} {
		if got, met := idp.ChooseACR(tt.methods, tt.asked); got != tt.want || met != tt.met {
			t.Errorf("%s: %q, %v", tt.name, got, met)
		}
	}
}
