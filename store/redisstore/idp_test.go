package redisstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/store/redisstore"
)

func TestSessionsOnRedis(t *testing.T) {
	onEachForm(t, func(t *testing.T, open func(testing.TB, func() time.Time) *redisstore.DB) {
		idptest.TestSessions(t, func(t *testing.T, now func() time.Time) idp.SessionStore {
			return open(t, now).Sessions()
		}, idptest.ClearsItself)
	})
}

func TestParticipantsOnRedis(t *testing.T) {
	onEachForm(t, func(t *testing.T, open func(testing.TB, func() time.Time) *redisstore.DB) {
		idptest.TestParticipants(t, func(t *testing.T, now func() time.Time) idp.ParticipantStore {
			return open(t, now).Participants()
		}, idptest.ClearsItself)
	})
}
