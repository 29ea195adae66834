package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// termsOps are the operations on terms.
func (a *API) termsOps() []awsapi.Op { return nil }
