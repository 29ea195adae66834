// Package iamapi is AWS Identity and Access Management as typed operations over
// package sts: roles, users, policies and identity providers.
package iamapi

import (
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// An API serves the operations.
type API struct {
	STS        *sts.Service
	Authorizer awsapi.Authorizer // asked for the second resource of an operation that has two
}

// Service describes the operations to the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "iam", Ops: a.Ops(), Errors: Errors, Resource: a.resource, Keys: a.keys}
}

// Errors is how this service reports domain errors.
var Errors = awsapi.ErrorTable{
	{Is: sts.ErrNotFound, Status: 404, Code: "NoSuchEntity", Message: "The entity cannot be found."},
	{Is: sts.ErrExists, Status: 409, Code: "EntityAlreadyExists", Message: "The entity already exists."},
	{Is: sts.ErrDeleteConflict, Status: 409, Code: "DeleteConflict", Message: "The entity is in use."},
	{Is: sts.ErrLimitExceeded, Status: 409, Code: "LimitExceeded", Message: "A quota is exceeded."},
	{Is: sts.ErrUnmodifiable, Status: 400, Code: "UnmodifiableEntity", Message: "The entity belongs to a service."},
	{Is: sts.ErrNotAttachable, Status: 400, Code: "PolicyNotAttachable", Message: "The policy cannot be attached."},
	{Is: sts.ErrIDPCommunication, Status: 400, Code: "OpenIdIdpCommunicationError", Message: "The identity provider cannot be reached."},
	{Is: sts.ErrInvalidInput, Status: 400, Code: "InvalidInput", Message: "The input is invalid."},
	{Is: sts.ErrPolicyEvaluation, Status: 500, Code: "PolicyEvaluation", Message: "A policy cannot be evaluated."},
	{Is: sts.ErrMalformedPolicy, Status: 400, Code: "MalformedPolicyDocument", Message: "Syntax errors in policy."},
	{Is: sts.ErrValidation, Status: 400, Code: "ValidationError", Message: "The request is invalid."},
	{Is: sts.ErrAccessDenied, Status: 403, Code: "AccessDenied", Message: "Access denied"},
}

// escape writes a document as IAM returns it: percent-encoded (RFC 3986).
func escape(doc string) *string {
	return awsapi.Ptr(strings.ReplaceAll(url.QueryEscape(doc), "+", "%20"))
}

// optional is nil for an empty text: the element is left out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func tagsIn(list []Tag) []sts.Tag {
	var out []sts.Tag
	for _, t := range list {
		out = append(out, sts.Tag{Key: *t.Key, Value: *t.Value})
	}
	return out
}

func tagsOut(list []sts.Tag) []Tag {
	out := make([]Tag, 0, len(list))
	for _, t := range list {
		out = append(out, Tag{Key: &t.Key, Value: &t.Value})
	}
	return out
}

func boundary(arn string) *AttachedPermissionsBoundary {
	if arn == "" {
		return nil
	}
	return &AttachedPermissionsBoundary{PermissionsBoundaryType: awsapi.Ptr("Policy"), PermissionsBoundaryArn: &arn}
}

// page reads the members that every list operation has.
func page(prefix, marker *string, items *int32) (sts.Page, error) {
	p := sts.Page{Limit: 100}
	if items != nil {
		p.Limit = int(*items)
	}
	if prefix != nil && *prefix != "/" {
		p.Prefix = *prefix
	}
	if marker == nil {
		return p, nil
	}
	after, err := base64.RawURLEncoding.DecodeString(*marker)
	if err != nil || len(after) == 0 {
		return p, errMarker
	}
	p.After = string(after)
	return p, nil
}

var errMarker = &awsapi.Error{Status: 400, Code: "ValidationError", Message: "Invalid Marker."}

// more returns IsTruncated and Marker.
func more(next string) (*bool, *string) {
	if next == "" {
		return awsapi.Ptr(false), nil
	}
	return awsapi.Ptr(true), awsapi.Ptr(base64.RawURLEncoding.EncodeToString([]byte(next)))
}

// part cuts a page out of a list that is at hand as a whole.
func part[T any](list []T, name func(T) string, marker *string, items *int32) ([]T, *bool, *string, error) {
	p, err := page(nil, marker, items)
	if err != nil {
		return nil, nil, nil, err
	}
	start := 0
	for p.After != "" && start < len(list) {
		start++
		if name(list[start-1]) == p.After {
			break
		}
	}
	end, next := len(list), ""
	if start+p.Limit < end {
		end = start + p.Limit
		next = name(list[end-1])
	}
	truncated, token := more(next)
	return list[start:end], truncated, token, nil
}

func itself(s string) string { return s }

func seconds(n *int32) time.Duration { return time.Duration(awsapi.Value(n)) * time.Second }
