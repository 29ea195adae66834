package userpool

import "context"

// The columns of an import file that are no attributes.
const (
	columnMFA      = "cognito:mfa_enabled"
	columnUsername = "cognito:username"
)

// ImportHeader returns the columns of a file of users to import into a pool: what
// the schema has, in its order, but for what only the server sets, then whether
// SMS is a second factor and the username.
func (s *Service) ImportHeader(ctx context.Context, id PoolID) ([]string, error) {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	var columns []string
	for _, a := range p.Schema {
		if a.Name != "sub" && a.Name != "identities" {
			columns = append(columns, a.Name)
		}
	}
	return append(columns, columnMFA, columnUsername), nil
}
