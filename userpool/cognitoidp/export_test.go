package cognitoidp

// InRegion is the step before every operation.
var InRegion = (*API).inRegion

// Category is the ceiling that an operation counts against.
var Category = category
