package cognitoidp

// InRegion is the step before every operation.
var InRegion = (*API).inRegion
