package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// logOps are the operations on log delivery.
func (a *API) logOps() []awsapi.Op { return nil }
