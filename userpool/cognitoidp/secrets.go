package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// secretOps are the operations on the secrets of app clients.
func (a *API) secretOps() []awsapi.Op { return nil }
