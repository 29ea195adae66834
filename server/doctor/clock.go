package doctor

import "time"

// Signatures of AWS clients are good for five minutes, assertions for less: a clock that
// is off by more than a few seconds turns people away.
const (
	clockDoubt = 2 * time.Second
	clockBad   = 30 * time.Second
)

const mendClock = "Have both machines keep time by NTP, for instance with chrony or systemd-timesyncd."

// Clock compares a time that somebody told with ours. asked and answered are when, by our
// clock; precision is how exact the other's word is.
func Clock(whose string, told, asked, answered time.Time, precision time.Duration) Finding {
	off := told.Sub(asked.Add(answered.Sub(asked)/2)).Abs() - precision - answered.Sub(asked)/2
	switch {
	case off > clockBad:
		return Bad(mendClock, "%s: its clock and ours differ by %s", whose, told.Sub(answered).Abs().Round(time.Second))
	case off > clockDoubt:
		return Warn(mendClock, "%s: its clock and ours differ by %s", whose, told.Sub(answered).Abs().Round(time.Second))
	}
	return Good("%s: the clocks agree", whose)
}
