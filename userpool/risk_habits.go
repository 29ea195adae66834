package userpool

import (
	"math"
	"slices"
	"time"
)

// maxSeen is how many of each kind are remembered of a user; the one that was seen
// longest ago makes room.
const maxSeen = 20

// Habits are where a user's sign-ins came from. Only sign-ins that succeeded add to
// them, and they do not end with the events: a user who comes back after a year is
// known from before.
type Habits struct {
	Devices   []Seen `json:",omitempty"` // see deviceName
	Countries []Seen `json:",omitempty"` // codes; empty for an address in no country
	Networks  []Seen `json:",omitempty"` // see nearby

	Last *Presence `json:",omitempty"` // of the last sign-in whose place is known
}

// A Seen is something that a sign-in came from, and when one last did.
type Seen struct {
	Name     string
	At       time.Time
	Disowned bool `json:",omitempty"` // the user or an administrator said that it was somebody else's
}

// A Presence is that a user was somewhere.
type Presence struct {
	At                  time.Time
	Latitude, Longitude float64 // degrees
}

// A trace is what a sign-in shows of where it comes from.
type trace struct {
	device  string
	network string // empty for none
	place   *Place // nil where no places are known
}

// strange reports whether a name is new among those that there are. The first one
// is not.
func strange(seen []Seen, name string) bool {
	return len(seen) > 0 && !hasSeen(seen, name)
}

func hasSeen(seen []Seen, name string) bool {
	return slices.ContainsFunc(seen, func(s Seen) bool { return s.Name == name && !s.Disowned })
}

// saw returns a list with a name seen now.
func saw(seen []Seen, name string, now time.Time) []Seen {
	seen = slices.DeleteFunc(slices.Clone(seen), func(s Seen) bool { return s.Name == name })
	seen = append(seen, Seen{Name: name, At: now})
	return seen[max(0, len(seen)-maxSeen):]
}

// disowned returns a list in which a name is not the user's. It stays there: with
// nothing left the next stranger would be taken for a new user.
func disowned(seen []Seen, name string) []Seen {
	seen = slices.Clone(seen)
	for i := range seen {
		seen[i].Disowned = seen[i].Disowned || seen[i].Name == name
	}
	return seen
}

// come adds a sign-in that succeeded now.
func (h *Habits) come(t trace, now time.Time) {
	h.remember(t, now)
	if t.place != nil && t.place.Located {
		h.Last = &Presence{now, t.place.Latitude, t.place.Longitude}
	}
}

// remember adds what a sign-in came from.
func (h *Habits) remember(t trace, now time.Time) {
	h.Devices = saw(h.Devices, t.device, now)
	if t.network != "" {
		h.Networks = saw(h.Networks, t.network, now)
	}
	if t.place != nil {
		h.Countries = saw(h.Countries, t.place.Country, now)
	}
}

// disown takes back what a sign-in that was not the user's own added.
func (h *Habits) disown(t trace) {
	h.Devices, h.Networks = disowned(h.Devices, t.device), disowned(h.Networks, t.network)
	if t.place != nil {
		h.Countries = disowned(h.Countries, t.place.Country)
	}
	h.Last = nil
}

// Nobody travels faster than maxSpeed. Places are known to within some distance
// only, so that short ways do not count.
const (
	maxSpeed    = 1000 // km/h
	shortWay    = 300  // km
	earthRadius = 6371 // km
)

// impossible reports whether nobody could have come from the last sign-in to a place
// by now.
func (h *Habits) impossible(p *Place, now time.Time) bool {
	if h.Last == nil || p == nil || !p.Located {
		return false
	}
	way := distance(h.Last.Latitude, h.Last.Longitude, p.Latitude, p.Longitude)
	return way > shortWay && way > maxSpeed*now.Sub(h.Last.At).Hours()
}

// distance is the way between two points of the globe in km (haversine formula).
func distance(lat1, lon1, lat2, lon2 float64) float64 {
	const degree = math.Pi / 180
	dLat, dLon := (lat2-lat1)*degree, (lon2-lon1)*degree
	a := math.Pow(math.Sin(dLat/2), 2) + math.Cos(lat1*degree)*math.Cos(lat2*degree)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadius * math.Asin(min(1, math.Sqrt(a)))
}
