// Package oidcrp relies on OpenID providers elsewhere. So far it verifies ID
// tokens by the keys that their issuers publish.
package oidcrp
