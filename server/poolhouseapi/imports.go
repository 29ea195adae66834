package poolhouseapi

import (
	"context"
	"strconv"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// ListUserImportFailures returns the rows of a user import job that became no users,
// and why.
func (a *API) ListUserImportFailures(ctx context.Context, in *ListUserImportFailuresInput) (*ListUserImportFailuresOutput, error) {
	pool, line := userpool.PoolID(*in.UserPoolId), 0
	after, err := pageToken(pool, awsapi.Value(in.NextToken))
	if err != nil {
		return nil, err
	}
	if after != "" {
		if line, err = strconv.Atoi(after); err != nil {
			return nil, userpool.Fail(userpool.ErrInvalidParameter, "NextToken is not one that this operation returned.")
		}
	}
	limit := pageSize(in.MaxResults)
	rows, err := a.Pools.ImportFailures(ctx, pool, *in.JobId, line, limit+1)
	if err != nil {
		return nil, err
	}
	out := &ListUserImportFailuresOutput{Failures: []UserImportFailureType{}}
	if len(rows) > limit {
		rows = rows[:limit]
		out.NextToken = nextToken(pool, strconv.Itoa(rows[limit-1].Line))
	}
	for _, r := range rows {
		out.Failures = append(out.Failures, UserImportFailureType{Line: awsapi.Ptr(int32(r.Line)), Username: &r.Username, Reason: &r.Reason})
	}
	return out, nil
}
