// Package samlsp makes each user pool a SAML 2.0 service provider of the identity
// providers that it was given: it asks them to sign somebody in, judges what they
// answer, keeps their metadata fresh, and carries sign-outs both ways.
//
// Who is asked, and whose answer it may be, is the caller's: package sp says what
// travels. Here is what an answer has to say to be believed, one rule a function.
// The XML is internal/samlxml's.
package samlsp
