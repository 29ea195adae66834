// Package cognitoidentity serves the Cognito Identity operations: identity pools,
// their roles and identities, and the credentials that identities get.
package cognitoidentity
