package doctor

import (
	"crypto/x509"
	"time"
)

// soon is how long before its end a certificate is warned of.
const soon = 30 * 24 * time.Hour

// A Certificate is one that ends: whose it is, and how it is renewed.
type Certificate struct {
	Name, Renew string
	From, Until time.Time // From may be zero
}

// Ends finds which certificates have ended, or will soon. One finding speaks for all
// that are well.
func Ends(now time.Time, all []Certificate) []Finding {
	var found []Finding
	well := 0
	next := time.Time{}
	for _, c := range all {
		switch {
		case !now.Before(c.Until):
			found = append(found, Bad(c.Renew, "%s ended on %s", c.Name, date(c.Until)))
		case now.Before(c.From):
			found = append(found, Bad("Check the clock of this machine and of who made it.", "%s is not valid before %s", c.Name, c.From.UTC().Format(time.RFC3339)))
		case c.Until.Sub(now) < soon:
			found = append(found, Warn(c.Renew, "%s ends on %s, in %d days", c.Name, date(c.Until), int(c.Until.Sub(now).Hours()/24)))
		default:
			well++
			if next.IsZero() || c.Until.Before(next) {
				next = c.Until
			}
		}
	}
	if well > 0 {
		found = append(found, Good("%d valid, the first of them until %s", well, date(next)))
	}
	return found
}

// Of makes a Certificate of an X.509 one.
func Of(name, renew string, c *x509.Certificate) Certificate {
	return Certificate{Name: name, Renew: renew, From: c.NotBefore, Until: c.NotAfter}
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
