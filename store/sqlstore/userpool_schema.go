package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A mentioner is a row whose document names attributes.
type mentioner struct {
	mentions []userpool.Mention
	write    func(ctx context.Context, tx *sql.Tx, becomes string) error // the row with the mentions changed
}

// Mentions implements userpool.SchemaStore.
func (s *UserpoolStore) Mentions(ctx context.Context, pool userpool.PoolID, attribute string) ([]userpool.Mention, error) {
	all, err := s.mentioners(ctx, s.db.read, pool, attribute, "")
	return mentionsOf(all), err
}

func mentionsOf(all []mentioner) []userpool.Mention {
	var list []userpool.Mention
	for _, m := range all {
		list = append(list, m.mentions...)
	}
	return list
}

// ChangeAttribute implements userpool.SchemaStore.
func (s *UserpoolStore) ChangeAttribute(ctx context.Context, pool userpool.PoolID, attribute, becomes string, fn func(*userpool.Pool, []userpool.Mention) error) (p *userpool.Pool, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		var all []mentioner
		p, err = s.changePool(ctx, tx, pool, func(p *userpool.Pool) error {
			if all, err = s.mentioners(ctx, tx, pool, attribute, s.db.forUpdate()); err != nil {
				return err
			}
			removed := len(p.RemovedKeys)
			if err := fn(p, mentionsOf(all)); err != nil {
				return err
			}
			return beginErasure(ctx, tx, pool, p.RemovedKeys[removed:])
		})
		if err != nil {
			return err
		}
		for _, m := range all {
			if err := m.write(ctx, tx, becomes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// mentioners reads the rows that name an attribute. The rows of a pool are locked in
// one order.
func (s *UserpoolStore) mentioners(ctx context.Context, q querier, pool userpool.PoolID, attribute, lock string) ([]mentioner, error) {
	var all []mentioner
	for _, find := range []func(context.Context, querier, userpool.PoolID, string, string) ([]mentioner, error){
		s.clientMentions, s.providerMentions, s.samlMentions,
	} {
		found, err := find(ctx, q, pool, attribute, lock)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return slices.DeleteFunc(all, func(m mentioner) bool { return len(m.mentions) == 0 }), nil
}

func (s *UserpoolStore) clientMentions(ctx context.Context, q querier, pool userpool.PoolID, attribute, lock string) ([]mentioner, error) {
	rows, err := q.QueryContext(ctx, `SELECT secret, doc FROM userpool_clients WHERE pool = $1 ORDER BY id`+lock, pool)
	clients, err := collect(rows, err, s.scanClient)
	all := make([]mentioner, 0, len(clients))
	for _, c := range clients {
		var m mentioner
		for place, list := range map[string]*[]string{userpool.MentionRead: &c.ReadAttributes, userpool.MentionWrite: &c.WriteAttributes} {
			if slices.Contains(*list, attribute) {
				m.mentions = append(m.mentions, userpool.Mention{Place: place, ID: string(c.ID), Alone: len(*list) == 1})
			}
		}
		slices.SortFunc(m.mentions, func(a, b userpool.Mention) int { return strings.Compare(a.Place, b.Place) })
		m.write = func(ctx context.Context, tx *sql.Tx, becomes string) error {
			c.ReadAttributes, c.WriteAttributes = replaced(c.ReadAttributes, attribute, becomes), replaced(c.WriteAttributes, attribute, becomes)
			secret, doc, err := s.sealClient(c)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `UPDATE userpool_clients SET secret = $2, doc = $3 WHERE id = $1`, c.ID, secret, doc)
			return err
		}
		all = append(all, m)
	}
	return all, err
}

// replaced puts a name in place of another, or takes that away.
func replaced(list []string, name, by string) []string {
	i := slices.Index(list, name)
	switch {
	case i < 0:
		return list
	case by == "":
		return slices.Delete(list, i, i+1)
	}
	list[i] = by
	return list
}

func (s *UserpoolStore) providerMentions(ctx context.Context, q querier, pool userpool.PoolID, attribute, lock string) ([]mentioner, error) {
	rows, err := q.QueryContext(ctx, selectProvider+` WHERE p.pool = $1 ORDER BY p.name`+lock, pool)
	providers, err := collect(rows, err, s.scanProvider)
	all := make([]mentioner, 0, len(providers))
	for _, p := range providers {
		var m mentioner
		if _, ok := p.Mapping[attribute]; ok {
			m.mentions = []userpool.Mention{{Place: userpool.MentionMapping, ID: p.Name, Alone: len(p.Mapping) == 1}}
		}
		m.write = func(ctx context.Context, tx *sql.Tx, becomes string) error {
			p.Mapping = maps.Clone(p.Mapping)
			if becomes != "" {
				p.Mapping[becomes] = p.Mapping[attribute]
			}
			delete(p.Mapping, attribute)
			if mode, ok := p.Settings.Sync[attribute]; ok {
				p.Settings.Sync = maps.Clone(p.Settings.Sync)
				delete(p.Settings.Sync, attribute)
				if becomes != "" {
					p.Settings.Sync[becomes] = mode
				}
			}
			details, doc, err := s.sealProvider(p)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `UPDATE userpool_providers SET details = $3, doc = $4 WHERE pool = $1 AND name = $2`, pool, p.Name, details, doc)
			return err
		}
		all = append(all, m)
	}
	return all, err
}

func (s *UserpoolStore) samlMentions(ctx context.Context, q querier, pool userpool.PoolID, attribute, lock string) ([]mentioner, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+samlColumns+` FROM saml_applications WHERE pool = $1 ORDER BY id`+lock, pool)
	apps, err := collect(rows, err, func(row scanner) (*samlidp.Application, error) { return s.db.docs.application(row) })
	all := make([]mentioner, 0, len(apps))
	for _, a := range apps {
		var m mentioner
		mine := func(r samlidp.Attribute) bool { return r.Value == attribute }
		if slices.ContainsFunc(a.Attributes, mine) {
			m.mentions = append(m.mentions, userpool.Mention{Place: userpool.MentionSAML, ID: string(a.ID), Alone: len(a.Attributes) == 1})
		}
		if a.NameIDAttribute == attribute {
			m.mentions = append(m.mentions, userpool.Mention{Place: userpool.MentionSAMLNameID, ID: string(a.ID), Alone: true})
		}
		if quotes(a.Settings.NameIDExpression, attribute) ||
			slices.ContainsFunc(a.Attributes, func(r samlidp.Attribute) bool { return quotes(r.Expression, attribute) }) {
			m.mentions = append(m.mentions, userpool.Mention{Place: userpool.MentionExpression, ID: string(a.ID)})
		}
		m.write = func(ctx context.Context, tx *sql.Tx, becomes string) error {
			if becomes == "" {
				a.Attributes = slices.DeleteFunc(a.Attributes, mine)
			}
			for i := range a.Attributes {
				if mine(a.Attributes[i]) {
					a.Attributes[i].Value = becomes
				}
				a.Attributes[i].Expression = requote(a.Attributes[i].Expression, attribute, becomes)
			}
			a.Settings.NameIDExpression = requote(a.Settings.NameIDExpression, attribute, becomes)
			if a.NameIDAttribute == attribute {
				a.NameIDAttribute = becomes
			}
			doc, err := samlDocOf(a)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `UPDATE saml_applications SET doc = $3 WHERE pool = $1 AND id = $2`, pool, a.ID, doc)
			return err
		}
		all = append(all, m)
	}
	return all, err
}

// quotes reports whether an expression names an attribute. The name of a custom one
// has a colon, so that it can only stand in quotes there.
func quotes(expression, attribute string) bool {
	return strings.Contains(expression, `"`+attribute+`"`) || strings.Contains(expression, `'`+attribute+`'`)
}

// requote gives an attribute that an expression names its new name.
func requote(expression, attribute, becomes string) string {
	if becomes == "" {
		return expression
	}
	for _, quote := range []string{`"`, `'`} {
		expression = strings.ReplaceAll(expression, quote+attribute+quote, quote+becomes+quote)
	}
	return expression
}

// valuesPage is how many users are read at a time.
const valuesPage = 1000

// AttributeValues implements userpool.SchemaStore. It holds no lock between pages.
func (s *UserpoolStore) AttributeValues(ctx context.Context, pool userpool.PoolID, attribute string, see func(string)) error {
	var text string
	err := s.db.read.QueryRowContext(ctx, `SELECT attribute_keys FROM userpool_pools WHERE id = $1`, pool).Scan(&text)
	if err != nil {
		return notFound(err, userpool.ErrPoolNotFound)
	}
	keys, err := scanKeys(text)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		page, err := readValues(ctx, s.db.read, pool, keys.key(attribute), after, valuesPage, "")
		if err != nil {
			return err
		}
		for _, u := range page {
			if value, ok := u.attributes[keys.key(attribute)]; ok {
				see(value)
			}
			after = u.seq
		}
		if len(page) < valuesPage {
			return ctx.Err()
		}
	}
}

// A userValues is the part of a row that attributes are in.
type userValues struct {
	seq        int64
	text       string
	attributes map[string]string // nil where the key is not among them
}

// readValues reads a page of users. It decodes only the rows that have the key.
func readValues(ctx context.Context, q querier, pool userpool.PoolID, key string, after int64, limit int, lock string) ([]userValues, error) {
	quoted, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT seq, attributes FROM userpool_users WHERE pool = $1 AND seq > $2 ORDER BY seq LIMIT $3`+lock, pool, after, limit)
	return collect(rows, err, func(row scanner) (u userValues, err error) {
		if err := row.Scan(&u.seq, &u.text); err != nil {
			return u, err
		}
		if strings.Contains(u.text, string(quoted)+":") {
			err = decode(u.text, &u.attributes)
		}
		return u, err
	})
}

// beginErasure has the values under removed keys deleted.
func beginErasure(ctx context.Context, tx *sql.Tx, pool userpool.PoolID, keys []string) error {
	for _, key := range keys {
		if _, err := tx.ExecContext(ctx, `INSERT INTO userpool_erasures (pool, key, after) VALUES ($1, $2, 0)`, pool, key); err != nil {
			return err
		}
	}
	return nil
}

// EraseAttributes implements userpool.SchemaStore.
func (s *UserpoolStore) EraseAttributes(ctx context.Context, limit int) (n int, err error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED" // another node is at it
	}
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		n = 0
		var pool userpool.PoolID
		var key string
		var after int64
		err := tx.QueryRowContext(ctx, `SELECT pool, key, after FROM userpool_erasures WHERE after >= $1 ORDER BY pool, key LIMIT 1`+lock, 0).Scan(&pool, &key, &after)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err = s.erase(ctx, tx, pool, key, after, limit)
		return err
	})
	return n, err
}

// erase deletes a key from a page of users, and says how many those were. The last
// page counts as a whole one, so that whoever asks comes back for other keys.
func (s *UserpoolStore) erase(ctx context.Context, tx *sql.Tx, pool userpool.PoolID, key string, after int64, limit int) (int, error) {
	page, err := readValues(ctx, tx, pool, key, after, limit, s.db.forUpdate())
	if err != nil {
		return 0, err
	}
	for _, u := range page {
		after = u.seq
		if _, ok := u.attributes[key]; !ok {
			continue
		}
		delete(u.attributes, key)
		if _, err := tx.ExecContext(ctx, `UPDATE userpool_users SET attributes = $2 WHERE seq = $1`, u.seq, encode(u.attributes)); err != nil {
			return 0, err
		}
	}
	if len(page) == limit {
		_, err = tx.ExecContext(ctx, `UPDATE userpool_erasures SET after = $3 WHERE pool = $1 AND key = $2`, pool, key, after)
	} else {
		_, err = tx.ExecContext(ctx, `DELETE FROM userpool_erasures WHERE pool = $1 AND key = $2`, pool, key)
	}
	return limit, err
}
