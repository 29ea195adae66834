// Package samlxml reads and writes the XML of SAML 2.0. It has one strict,
// bounded parser for everything that arrives, one place where signatures are
// verified, and one canonical writer for everything that leaves. It knows no
// users, sessions or stores; what a message means is for its callers.
//
// Reading goes one way only: Parse, find the signature, verify it, decode the
// element that came out of the verification. No second parser ever looks at
// bytes that were not verified.
package samlxml
