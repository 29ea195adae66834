package sigv4

import (
	"path"
	"strings"
)

// An Endpoint is what was called.
type Endpoint struct {
	Service string // its signing name
	Region  string // whose endpoint it is; empty for one address of all regions
	Home    string // region of a SigV4A call at such an address, if its set has it
}

// maxRegions bounds the region set of a SigV4A signature.
const maxRegions = 100

// settle reports whether the signature is good in the region of the endpoint, and
// finds out which region a SigV4A signature is used in.
func (s *Signature) settle(at Endpoint) bool {
	if s.asymmetric {
		s.Region = s.chosen(at)
	}
	return ValidRegion(s.Region) && (at.Region == "" || at.Region == s.Region)
}

// chosen returns the region that a SigV4A signature counts for: the endpoint's, at
// an address of all regions the home region, else the first one named. It is empty
// where the set has none of these.
func (s *Signature) chosen(at Endpoint) string {
	set := strings.Split(s.RegionSet, ",")
	if len(set) > maxRegions {
		return ""
	}
	want := at.Region
	if want == "" {
		want = at.Home
	}
	first := ""
	for _, pattern := range set {
		pattern = strings.TrimSpace(pattern)
		if want != "" && coversRegion(pattern, want) {
			return want
		}
		if first == "" && ValidRegion(pattern) {
			first = pattern
		}
	}
	if at.Region != "" {
		return ""
	}
	return first
}

// coversRegion reports whether a region is named, or matched by a pattern with
// stars.
func coversRegion(pattern, region string) bool {
	if !ValidRegion(strings.ReplaceAll(pattern, "*", "x")) {
		return false
	}
	ok, err := path.Match(pattern, region)
	return ok && err == nil
}
