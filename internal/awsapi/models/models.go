// Package models holds the models of the services on the wire as Go tables:
// operations, shapes with their constraints, and error codes. The JSON files
// beside it are the source (facts of the AWS service models, Apache-2.0, from
// botocore; poolhouse.json is ours); "go generate ./internal/awsapi" writes the
// tables. They are constant data: reading them costs no start-up time.
package models

import "sort"

// A Kind is what a shape is made of.
type Kind uint8

// The kinds of shape. A Document is free-form JSON.
const (
	Structure Kind = iota
	List
	Map
	String
	Integer // 32 bits
	Long    // 64 bits
	Double
	Boolean
	Timestamp
	Blob
	Document
)

// A Protocol is a wire format.
type Protocol uint8

// The three wire formats.
const (
	JSON Protocol = iota
	Query
	RESTJSON
)

// A Location says where a REST-JSON member travels.
type Location uint8

// The places of a member.
const (
	Body Location = iota
	URI
	QueryString
	Header
)

// None is the index of an absent shape.
const None = -1

// A Model is one service.
type Model struct {
	Service      string // file name without .json
	FullName     string
	Version      string // API version, a date
	Protocol     Protocol
	TargetPrefix string // of X-Amz-Target, JSON only
	SigningName  string // in a credential scope, and before the colon of an action
	XMLNamespace string // Query only
	Operations   []Operation
	Shapes       []Shape
	Faults       []Fault
}

// An Operation is one operation of a service. Operations are sorted by name.
type Operation struct {
	Name          string
	Method        string
	URI           string // with {Label} segments in REST-JSON
	Unsigned      bool   // the model asks for no signature
	Input, Output int    // indexes into Shapes, or None
	ResultWrapper string // XML element around the result, Query only
}

// A Shape is a type with its constraints.
type Shape struct {
	Name           string
	Kind           Kind
	HasMin, HasMax bool
	Min, Max       int64 // length or value, as the kind asks
	Pattern        string
	Enum           []string
	Sensitive      bool // must not appear in logs, audit records or error texts
	Members        []Member
	Key, Elem      int // indexes into Shapes; Elem is a list's element or a map's value
}

// A Member is a field of a structure.
type Member struct {
	Name         string
	Shape        int
	Required     bool
	Location     Location
	LocationName string
}

// A Fault is an error code that some operation of the service declares.
type Fault struct {
	Code   string
	Status int
}

// All returns every model, by service name.
func All() []*Model { return all }

// Find returns the model of a service, nil if there is none.
func Find(service string) *Model {
	for _, m := range all {
		if m.Service == service {
			return m
		}
	}
	return nil
}

// Operation returns the operation of that name, nil if the model has none.
func (m *Model) Operation(name string) *Operation {
	i := sort.Search(len(m.Operations), func(i int) bool { return m.Operations[i].Name >= name })
	if i == len(m.Operations) || m.Operations[i].Name != name {
		return nil
	}
	return &m.Operations[i]
}
