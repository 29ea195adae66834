package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// limitOps are the operations on provisioned limits.
func (a *API) limitOps() []awsapi.Op { return nil }
