package samlidp_test

import (
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/userpool"
)

// What the server wires in fits.
var (
	_ samlidp.Gate      = (*login.Gate)(nil)
	_ samlidp.Directory = userpool.Store(nil)
)
