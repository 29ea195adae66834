package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Skew is how far a client's clock may be off, either way.
const Skew = 5 * time.Minute

const textMismatch = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// CheckScope is CheckScopeAt for an endpoint of any region.
func (s *Signature) CheckScope(service string, now time.Time) error {
	return s.CheckScopeAt(Endpoint{Service: service}, now)
}

// CheckScopeAt verifies what needs no secret: the credential scope against the
// endpoint that was called, and the time. It comes before the secret is looked
// up, in the order of the live service. Of a SigV4A signature it sets Region.
func (s *Signature) CheckScopeAt(at Endpoint, now time.Time) error {
	if err := s.checkScope(at); err != nil {
		return err
	}
	return s.checkTime(now.UTC(), Skew)
}

func (s *Signature) checkScope(at Endpoint) error {
	var text string
	if !s.settle(at) {
		text += "Credential should be scoped to a valid region. "
	}
	if s.Service != at.Service {
		text += "Credential should be scoped to correct service: '" + at.Service + "'. "
	}
	if s.term != terminator {
		text += "Credential should be scoped with a valid terminator: '" + terminator + "', not '" + clip(s.term) + "'. "
	}
	if day := s.timeText[:8]; s.scopeDate != day {
		text += fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'. ",
			clip(s.scopeDate), day, s.timeText)
	}
	if text != "" {
		return &Error{Mismatch, text}
	}
	return nil
}

// checkTime refuses a request outside its life.
func (s *Signature) checkTime(now time.Time, skew time.Duration) error {
	life := skew
	if s.presigned {
		life = s.Expires
	}
	if earliest := now.Add(-life); s.Time.Before(earliest.Truncate(time.Second)) {
		return &Error{Mismatch, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s.)",
			s.timeText, earliest.Format(basicTime), now.Format(basicTime), span(life))}
	}
	if latest := now.Add(skew); s.Time.After(latest) {
		return &Error{Mismatch, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s.)",
			s.timeText, latest.Format(basicTime), now.Format(basicTime), span(skew))}
	}
	return nil
}

func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// ValidRegion allows any well-formed region: an installation has one, but its
// clients keep the region they were configured with.
func ValidRegion(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// read are the headers that the wire layer acts on: if one is present it must
// be signed, or someone on the way could change the operation or the body.
var read = []string{"X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target", "X-Amz-Client-Context", regionSetHeader}

// Verify checks the signature itself: that it covers what is acted on, that the
// declared payload hash is that of body, and the signature under secret. r must be
// the request that was parsed.
func (s *Signature) Verify(r *http.Request, body []byte, secret string, keys *KeyCache) error {
	if err := s.covers(r); err != nil {
		return err
	}
	hash, err := s.payload(body)
	if err != nil {
		return err
	}
	return s.compare(r, hash, secret, keys)
}

// covers checks that what is acted on is signed.
func (s *Signature) covers(r *http.Request) error {
	if !slices.Contains(s.headers, "host") {
		return &Error{Mismatch, "'Host' must be a 'SignedHeader' in the AWS Authorization."}
	}
	for _, h := range read {
		if len(r.Header[h]) > 0 && !slices.Contains(s.headers, lower[h]) {
			return &Error{Mismatch, "'" + h + "' must be a 'SignedHeader' in the AWS Authorization."}
		}
	}
	return nil
}

// compare checks the HMAC itself.
func (s *Signature) compare(r *http.Request, hash, secret string, keys *KeyCache) error {
	given, err := hex.DecodeString(s.mac)
	if err != nil || !s.matches(given, s.stringToSign(s.canonical(r, hash)), secret, keys) {
		return &Error{Mismatch, textMismatch}
	}
	return nil
}

var lower = map[string]string{
	"X-Amz-Content-Sha256": "x-amz-content-sha256", "X-Amz-Date": "x-amz-date",
	"X-Amz-Security-Token": "x-amz-security-token", "X-Amz-Target": "x-amz-target",
	"X-Amz-Client-Context": "x-amz-client-context", regionSetHeader: "x-amz-region-set",
}

// payload returns the payload hash to sign. A body is always covered: an
// unsigned payload is accepted only where there is none.
func (s *Signature) payload(body []byte) (string, error) {
	if s.payloadHash == Unsigned && len(body) == 0 {
		return Unsigned, nil
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if s.payloadHash != "" && s.payloadHash != hash {
		return "", &Error{Mismatch, "The value of x-amz-content-sha256 is not the SHA-256 of the body."}
	}
	return hash, nil
}

// stringToSign is what is signed (IAM user guide, "Create a signed AWS API
// request", step 3).
func (s *Signature) stringToSign(canonical []byte) []byte {
	sum := sha256.Sum256(canonical)
	name, scope := algorithm, s.scopeDate+"/"+s.Region+"/"+s.Service
	if s.asymmetric {
		name, scope = asymmetric, s.scopeDate+"/"+s.Service
	}
	b := make([]byte, 0, 192)
	b = append(b, name...)
	b = append(b, '\n')
	b = append(b, s.timeText...)
	b = append(b, '\n')
	b = append(b, scope+"/"+terminator+"\n"...)
	return hex.AppendEncode(b, sum[:])
}

// matches reports whether a signature is the one of text under secret.
func (s *Signature) matches(given, text []byte, secret string, keys *KeyCache) bool {
	if s.asymmetric {
		return verifyWide(keys.get(keyID{secret: secret, accessKey: s.AccessKeyID}), text, given)
	}
	return hmac.Equal(given, mac(keys.get(keyID{secret: secret, date: s.scopeDate, region: s.Region, service: s.Service}), text))
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}
