// Package oidcrp relies on OpenID providers elsewhere, and on those that speak
// only OAuth 2.0. An Upstream signs people in through them; a Verifier judges ID
// tokens that somebody presents.
//
// What one kind of provider does in its own way is its dialect; the rest is the
// same for all: one request with PKCE and a nonce, one answer, one exchange. What a
// provider sends is bounded before it is read, and nothing that it says leads to
// another address than those that the administrator named, or that its issuer
// publishes over TLS.
package oidcrp
