package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// passkeyOps are the operations on passkeys.
func (a *API) passkeyOps() []awsapi.Op { return nil }
