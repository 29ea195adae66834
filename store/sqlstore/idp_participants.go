package sqlstore

import (
	"context"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

const participantColumns = `pool, sub, root, kind, client, data, joined, expires`

// Join implements idp.ParticipantStore.
func (s *IDPStore) Join(ctx context.Context, p *idp.Participant) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO idp_participants (`+participantColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (pool, sub, root, kind, client) DO UPDATE SET data = excluded.data, joined = excluded.joined, expires = excluded.expires`,
		p.Pool, p.Sub, p.Root, p.Kind, p.Client, p.Data, micros(p.Joined), micros(p.Expires))
	return err
}

// Participants implements idp.ParticipantStore.
func (s *IDPStore) Participants(ctx context.Context, pool userpool.PoolID, sub string, root idp.Handle) ([]*idp.Participant, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT `+participantColumns+` FROM idp_participants
		WHERE pool = $1 AND sub = $2 AND ($3 = '' OR root = $3) AND expires > $4 ORDER BY root, kind, client`,
		pool, sub, root, micros(s.db.now()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*idp.Participant
	for rows.Next() {
		var p idp.Participant
		var joined, expires int64
		if err := rows.Scan(&p.Pool, &p.Sub, &p.Root, &p.Kind, &p.Client, &p.Data, &joined, &expires); err != nil {
			return nil, err
		}
		p.Joined, p.Expires = fromMicros(joined), fromMicros(expires)
		list = append(list, &p)
	}
	return list, rows.Err()
}

// Leave implements idp.ParticipantStore.
func (s *IDPStore) Leave(ctx context.Context, p *idp.Participant) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_participants
		WHERE pool = $1 AND sub = $2 AND root = $3 AND kind = $4 AND client = $5 AND joined = $6`,
		p.Pool, p.Sub, p.Root, p.Kind, p.Client, micros(p.Joined))
	return err
}

// DeleteExpiredParticipants implements idp.ParticipantStore.
func (s *IDPStore) DeleteExpiredParticipants(ctx context.Context, limit int) (int, error) {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_participants WHERE (pool, sub, root, kind, client) IN (
		SELECT pool, sub, root, kind, client FROM idp_participants WHERE expires <= $1 ORDER BY expires LIMIT $2)`, micros(s.db.now()), limit)
	return idpDeleted(res, err)
}
