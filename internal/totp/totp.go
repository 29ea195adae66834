// Package totp makes and checks one-time passwords as RFC 6238 has them, with what
// every authenticator app takes for granted: SHA-1, 30 seconds, 6 digits.
package totp

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

const (
	period     = 30 * time.Second
	skew       = 1  // steps that a clock may be off, either way
	secretSize = 20 // bytes, as RFC 4226 section 4 recommends
)

var text = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns a fresh secret.
func NewSecret() []byte {
	secret := make([]byte, secretSize)
	rand.Read(secret)
	return secret
}

// Text is a secret as people type it.
func Text(secret []byte) string { return text.EncodeToString(secret) }

// Match returns the newest step around now whose code it is. Every step is
// compared, whichever matches.
func Match(secret []byte, code string, now time.Time) (step int64, ok bool, err error) {
	current := now.Unix() / int64(period/time.Second)
	for s := current - skew; s <= current+skew; s++ {
		want, err := Code(secret, s)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok, nil
}

// Code returns the code of a step: Unix time divided by 30 seconds.
func Code(secret []byte, step int64) (string, error) {
	return hotp.GenerateCodeCustom(Text(secret), uint64(step),
		hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// Address is the otpauth address that authenticator apps scan. secret is the text
// of one.
func Address(issuer, account, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}
	return u.String()
}

// imageSize is the side of a QR image in pixels: whole modules for the addresses
// that there are.
const imageSize = 256

// Image draws an address as a QR code, in PNG.
func Image(address string) ([]byte, error) {
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		return nil, err
	}
	img, err := key.Image(imageSize, imageSize)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}
