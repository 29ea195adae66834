package redisstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
)

func TestSessionsOnRedis(t *testing.T) {
	idptest.TestSessions(t, func(t *testing.T, now func() time.Time) idp.SessionStore {
		return redisstoretest.Open(t, now).Sessions()
	}, idptest.ClearsItself)
}

func TestParticipantsOnRedis(t *testing.T) {
	idptest.TestParticipants(t, func(t *testing.T, now func() time.Time) idp.ParticipantStore {
		return redisstoretest.Open(t, now).Participants()
	}, idptest.ClearsItself)
}
