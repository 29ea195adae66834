package server

import (
	"time"

	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// watchSignOuts makes the service that tells apps of sign-outs, and the store of
// user pools that it hears of them from.
func (s *Server) watchSignOuts(st *stores, issuer func(userpool.PoolID) string, now func() time.Time) userpool.Store {
	pools := st.db.Userpool(st.keys)
	s.SignOut = &signout.Service{Participants: st.participants(), Sessions: st.sessions(), Clients: pools, Issuer: issuer, Now: now, Log: s.log}
	return userpool.Watch(pools, s.SignOut.UserSignedOut)
}

// addFarewells gives the logout tokens their outbox. It has a queue of its own: an
// app that does not answer must not hold up the mail with somebody's code.
func (s *Server) addFarewells(st *stores, fetch *outbound.Client, now func() time.Time) {
	notifier := &signout.Notifier{Clients: st.db.Userpool(st.keys), Tokens: s.Tokens, Caller: fetch}
	outbox := message.NewOutbox(st.db.Farewells(), st.keys, map[string]message.Transport{signout.Medium: notifier}, now, s.log)
	s.farewells, s.SignOut.Outbox = outbox, outbox
	s.Sessions.Ending = s.SignOut.SessionEnding
	s.sweepers["farewells"], s.sweepers["participants"] = st.db.Farewells().DeleteClosed, st.db.IDP().DeleteExpiredParticipants
}

// outboxes are the queues that this server works off.
func (s *Server) outboxes() []*message.Outbox {
	all := []*message.Outbox{s.farewells, s.streams}
	for _, outbox := range []*message.Outbox{s.outbox, s.pushes} {
		if outbox != nil {
			all = append(all, outbox)
		}
	}
	return all
}
