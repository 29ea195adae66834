// Package idp is the domain of what apps sign in with: the browser's sign-in
// session, the grant behind an authorization code, and the rule that says where
// a code may be sent. It speaks no protocol; idp/oidcop and idp/samlidp do.
//
// Users, clients and tokens belong to userpool. A grant ends in a token family
// there, and remembers which, so that a replayed code can kill it.
package idp

import "errors"

// The errors of this package and its stores.
var (
	ErrSessionNotFound = errors.New("idp: no such session")
	ErrSessionExists   = errors.New("idp: session exists")
	ErrGrantNotFound   = errors.New("idp: no such grant")
	ErrGrantExists     = errors.New("idp: grant exists")
	ErrGrantUsed       = errors.New("idp: grant was redeemed before")
)
