package sigv4

import "time"

// CheckScopeWithin is CheckScope for a service whose clients' clocks may be off by
// another span than Skew.
func (s *Signature) CheckScopeWithin(service string, now time.Time, skew time.Duration) error {
	if err := s.checkScope(Endpoint{Service: service}); err != nil {
		return err
	}
	return s.checkTime(now.UTC(), skew)
}

// Presigned reports whether the signature stands in the query.
func (s *Signature) Presigned() bool { return s.presigned }

// SigningKey returns the key that a day's requests of one region and service are
// signed with.
func SigningKey(secret, date, region, service string) []byte {
	return derive(keyID{secret: secret, date: date, region: region, service: service})
}
