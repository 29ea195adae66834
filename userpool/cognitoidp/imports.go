package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// importOps are the operations on user import jobs.
func (a *API) importOps() []awsapi.Op { return nil }
