package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// providerOps are the operations on identity providers and linked users.
func (a *API) providerOps() []awsapi.Op { return nil }
