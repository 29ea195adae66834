package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// riskOps are the operations on threat protection and sign-in events.
func (a *API) riskOps() []awsapi.Op { return nil }
