package userpool

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"image/png"
	"net/url"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// One-time passwords as RFC 6238 has them, with what every authenticator app
// takes for granted: SHA-1, 30 seconds, 6 digits.
const (
	totpPeriod = 30 * time.Second
	totpSkew   = 1  // steps that a clock may be off, either way
	totpSecret = 20 // bytes, as RFC 4226 section 4 recommends
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	rand.Read(secret)
	return secret
}

// matchTOTP returns the newest step around now whose code it is. Every step is
// compared, whichever matches.
func matchTOTP(secret []byte, code string, now time.Time) (step int64, ok bool, err error) {
	current := now.Unix() / int64(totpPeriod/time.Second)
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		want, err := TOTPCode(secret, s)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok, nil
}

// TOTPCode returns the code of a step: Unix time divided by 30 seconds.
func TOTPCode(secret []byte, step int64) (string, error) {
	return hotp.GenerateCodeCustom(totpText.EncodeToString(secret), uint64(step),
		hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// totpAddress is the otpauth address that authenticator apps scan.
func totpAddress(issuer, account, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}
	return u.String()
}

// qrSize is the side of a QR image in pixels: whole modules for the addresses
// that there are.
const qrSize = 256

// qrImage draws an address as a QR code, in PNG.
func qrImage(address string) ([]byte, error) {
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		return nil, err
	}
	img, err := key.Image(qrSize, qrSize)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}
