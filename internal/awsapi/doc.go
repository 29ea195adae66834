// Package awsapi serves AWS operations: it tells them apart, authenticates and
// authorises the caller, decodes and validates the input, runs a typed function
// and encodes its answer or its error, in JSON 1.1, query/XML and REST-JSON.
// It knows the wire and the service models; what an operation means belongs to
// the operations packages.
package awsapi

//go:generate go run ./gen
