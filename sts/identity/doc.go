// Package identity is the domain of identity pools: pools, the identities in
// them, the logins linked to each, the tokens that speak for an identity, and the
// choice of the role whose credentials it gets. It knows neither HTTP nor SQL.
// Tokens of others are verified, and roles assumed, through interfaces.
package identity
