// Package geoip finds the places of addresses in a database of the MaxMind format
// (.mmdb) that has the fields of GeoLite2 Country or City.
package geoip

import (
	"fmt"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/poolhouse/poolhouse/userpool"
)

// A DB is a database that was opened. It may be used by many at once.
type DB struct{ reader *maxminddb.Reader }

// Open opens a database, and refuses a file that is none. The file is mapped into
// memory: to replace it, move another one to its name and start the server anew.
func Open(name string) (*DB, error) {
	r, err := maxminddb.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: not a MaxMind database: %w", name, err)
	}
	return &DB{r}, nil
}

// Close closes the file.
func (db *DB) Close() error { return db.reader.Close() }

// A record is what is read of an entry.
type record struct {
	Country struct {
		Code  string `maxminddb:"iso_code"`
		Names names  `maxminddb:"names"`
	} `maxminddb:"country"`
	City struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"city"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
		Timezone  string   `maxminddb:"time_zone"`
	} `maxminddb:"location"`
}

type names struct {
	English string `maxminddb:"en"`
}

// Locate implements userpool.Locator. An entry that cannot be read tells nothing.
func (db *DB) Locate(ip netip.Addr) userpool.Place {
	var e record
	if err := db.reader.Lookup(ip).Decode(&e); err != nil {
		return userpool.Place{}
	}
	p := userpool.Place{Country: e.Country.Code, CountryName: e.Country.Names.English, City: e.City.Names.English, Timezone: e.Location.Timezone}
	if e.Location.Latitude != nil && e.Location.Longitude != nil {
		p.Located, p.Latitude, p.Longitude = true, *e.Location.Latitude, *e.Location.Longitude
	}
	return p
}
