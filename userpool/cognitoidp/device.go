package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// deviceOps are the operations on remembered devices.
func (a *API) deviceOps() []awsapi.Op { return nil }
