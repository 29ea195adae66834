// Package oidcop is the OpenID provider of each user pool: discovery, authorize,
// token, userInfo, revoke and logout, at Cognito's paths below /{poolId}.
//
// The grant logic is fosite's. Around it stands our own edge, because the pinned
// version has faults that only its caller can mend: parameters sent twice, PKCE
// that a second try gets past, codes redeemed in parallel, another client's
// replay that kills the victim's tokens. What fosite would keep in four rows is
// one idp.Grant; what it would sign is signed by userpool.Tokens, after the code
// was consumed, so that the loser of a race costs no signature.
//
// A pool is either strict (OAuth 2.1, RFC 9700, RFC 9207) or behaves as Cognito
// does, byte for byte where clients look.
package oidcop
