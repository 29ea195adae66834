package userpool

import "context"

// ClientFor returns the client of a public request, whose secret hash must match.
func (s *Service) ClientFor(ctx context.Context, id ClientID, username, secretHash string) (*Client, error) {
	c, err := s.Store.Client(ctx, id)
	if err != nil {
		return nil, namedClient(err, id)
	}
	return c, c.CheckSecretHash(username, secretHash)
}

func namedClient(err error, id ClientID) error {
	return named(err, ErrClientNotFound, "User pool client %s does not exist.", id)
}
