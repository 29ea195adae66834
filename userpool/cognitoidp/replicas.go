package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// replicaOps are the operations on replicas.
func (a *API) replicaOps() []awsapi.Op { return nil }
