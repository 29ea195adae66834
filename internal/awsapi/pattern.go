package awsapi

import "strings"

// goPattern turns a pattern of a service model, a Java regular expression that
// must match the whole value, into one that package regexp accepts.
func goPattern(p string) string {
	if q, ok := withoutLookaround[p]; ok {
		p = q
	}
	if q, ok := looser[p]; ok {
		p = q
	}
	return `\A(?:` + javaEscapes(p) + `)\z`
}

// withoutLookaround rewrites the patterns that use what Go's linear-time
// matcher lacks. A test compiles every pattern of every model.
var withoutLookaround = map[string]string{
	// May be empty, must not end in a dot.
	`^[0-9A-Za-z\.\-_]*(?<!\.)$`: `([0-9A-Za-z._-]*[0-9A-Za-z_-])?`,
	// Labels of at most 63 characters that do not start with a hyphen.
	`(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`: `(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+` +
		`[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]`,
}

// looser are patterns that AWS's own services do not hold to: what takes the
// place of each is what they accept.
var looser = map[string]string{
	// Domains of user pools: a prefix, or a host name of the customer's.
	`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`: `[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?)*`,
}

// javaEscapes rewrites \uXXXX, also where a model means a character beyond the
// basic plane by more than four digits.
func javaEscapes(p string) string {
	p = strings.NewReplacer(`\u10000`, `\x{10000}`, `\u10FFFF`, `\x{10FFFF}`).Replace(p)
	var b strings.Builder
	for {
		i := strings.Index(p, `\u`)
		if i < 0 || len(p) < i+6 {
			b.WriteString(p)
			return b.String()
		}
		b.WriteString(p[:i] + `\x{` + p[i+2:i+6] + `}`)
		p = p[i+6:]
	}
}
