package server

import (
	"github.com/poolhouse/poolhouse/internal/breach"
	"github.com/poolhouse/poolhouse/userpool/geoip"
)

// addSigns opens the files that threat protection asks: of places, and of
// compromised passwords.
func (s *Server) addSigns() error {
	if s.cfg.GeoIPDB != "" {
		db, err := geoip.Open(s.cfg.GeoIPDB)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, db.Close)
		s.Auth.Risk.Places = db
	}
	if s.cfg.BreachFilter != "" {
		list, err := breach.Open(s.cfg.BreachFilter)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, list.Close)
		s.Auth.Risk.Breaches = list
		s.log.Info("compromised passwords", "passwords", list.Len())
	}
	return nil
}
