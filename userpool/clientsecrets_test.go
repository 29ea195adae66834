package userpool_test

import (
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestTwoSecrets: an app moves to a new secret without a moment in which it has none.
func TestTwoSecrets(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(*userpool.Pool) {})
	c := e.newClient(p, func(c *userpool.Client) { c.Secret = userpool.NewClientSecret() })
	ctx, old := t.Context(), c.Secret
	accepts := func(secret string) bool {
		got, err := e.Client(ctx, p.ID, c.ID)
		e.ok(err)
		hash := got.CheckSecretHash("alice", userpool.SecretHash(secret, c.ID, "alice")) == nil
		same(t, "secret and secret hash agree", got.CheckSecret(secret) == nil, hash)
		_, err = e.ClientFor(ctx, c.ID, "alice", userpool.SecretHash(secret, c.ID, "alice"))
		same(t, "ClientFor agrees", err == nil, hash)
		return hash
	}
	given := strings.Repeat("Given_", 4)
	added, err := e.AddClientSecret(ctx, p.ID, c.ID, given)
	e.ok(err)
	same(t, "value", added.Value, given)
	same(t, "old and new", accepts(old) && accepts(given) && !accepts("") && !accepts(old+"\n"+given), true)
	_, err = e.AddClientSecret(ctx, p.ID, c.ID, "")
	e.refused(err, userpool.ErrLimitExceeded, "2 active secrets")

	list, err := e.ClientSecrets(ctx, p.ID, c.ID)
	e.ok(err)
	same(t, "secrets", len(list), 2)
	same(t, "distinct IDs", list[0].ID != list[1].ID && list[1].ID == added.ID, true)
	replaced, err := e.ReplaceClient(ctx, p.ID, c.ID, userpool.NewClient(p.ID, "renamed"))
	e.ok(err)
	same(t, "an update keeps both", replaced.Secret+replaced.SecondSecret, old+given)

	e.refused(e.DeleteClientSecret(ctx, p.ID, c.ID, "other"), userpool.ErrNotFound, "does not exist")
	e.ok(e.DeleteClientSecret(ctx, p.ID, c.ID, list[0].ID))
	same(t, "only the new", !accepts(old) && accepts(given), true)
	list, err = e.ClientSecrets(ctx, p.ID, c.ID)
	e.ok(err)
	same(t, "the new one keeps its ID", list[0].ID, added.ID)
	e.refused(e.DeleteClientSecret(ctx, p.ID, c.ID, added.ID), userpool.ErrInvalidParameter, "last secret")

	e.clock.Advance(time.Minute)
	made, err := e.AddClientSecret(ctx, p.ID, c.ID, "")
	e.ok(err)
	same(t, "made", len(made.Value), 52)
	e.ok(e.DeleteClientSecret(ctx, p.ID, c.ID, made.ID))
	same(t, "the newer one can go as well", accepts(given) && !accepts(made.Value), true)
}

func TestSecretsRefused(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(*userpool.Pool) {})
	other := e.newPool(func(*userpool.Pool) {})
	public := e.newClient(p, func(*userpool.Client) {})
	c := e.newClient(p, func(c *userpool.Client) { c.Secret = userpool.NewClientSecret() })
	add := func(pool userpool.PoolID, id userpool.ClientID, value string) error {
		_, err := e.AddClientSecret(t.Context(), pool, id, value)
		return err
	}
	e.refused(add(p.ID, public.ID, ""), userpool.ErrInvalidParameter, "public client")
	e.refused(add(other.ID, c.ID, ""), userpool.ErrClientNotFound, "does not exist")
	e.refused(add("us-east-1_Nowhere01", c.ID, ""), userpool.ErrPoolNotFound, "does not exist")
	e.refused(add(p.ID, c.ID, c.Secret), userpool.ErrInvalidParameter, "already")
	e.refused(add(p.ID, c.ID, "two\nlines"), userpool.ErrInvalidParameter, "line breaks")
	e.refused(e.DeleteClientSecret(t.Context(), other.ID, c.ID, "x"), userpool.ErrClientNotFound, "does not exist")
	_, err := e.ClientSecrets(t.Context(), other.ID, c.ID)
	e.refused(err, userpool.ErrClientNotFound, "does not exist")
}
