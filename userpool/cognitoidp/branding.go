package cognitoidp

import "github.com/poolhouse/poolhouse/internal/awsapi"

// brandingOps are the operations on branding.
func (a *API) brandingOps() []awsapi.Op { return nil }
