package jose

import "time"

// Time reads a NumericDate (RFC 7519 section 2), which may have a fraction. What no
// clock shows becomes a time that no clock shows.
func Time(seconds float64) time.Time {
	const most = 1 << 40
	return time.Unix(int64(min(max(seconds, -most), most)), 0)
}
