package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// importOps are the operations on user import jobs.
func (a *API) importOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("GetCSVHeader", awsapi.SigV4, a.GetCSVHeader),
	}
}

// GetCSVHeader reports the columns of a pool's import file.
func (a *API) GetCSVHeader(ctx context.Context, in *GetCSVHeaderInput) (*GetCSVHeaderOutput, error) {
	header, err := a.Pools.ImportHeader(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &GetCSVHeaderOutput{UserPoolId: in.UserPoolId, CSVHeader: header}, nil
}
