// Package demodata names everything that the demo seeds, so that the tour and
// the demo's own pages find it. None of it is a secret: the demo listens on
// loopback alone.
package demodata

// The pool and its clients.
const (
	PoolID       = "us-east-1_Demo00001"
	PoolName     = "Demo"
	PoolDomain   = "demo"
	ClientID     = "demoappclient0000000000000" // public: SRP, password, PKCE
	WebClientID  = "demowebclient0000000000000" // confidential: the OpenID app under /demo/
	WebSecret    = "demo-web-client-secret-that-is-public-knowledge-0000"
	IdentityPool = "us-east-1:00000000-0000-4000-8000-00000000de00"
)

// A Person is a seeded user.
type Person struct{ Username, Password, Email, GivenName, Group string }

// The people of the demo.
var (
	Alice = Person{"alice", "Alice-in-Demo-1", "alice@example.com", "Alice", "engineering"}
	Bob   = Person{"bob", "Bob-in-Demo-1", "bob@example.com", "Bob", "sales"}
)

// The account's root key, and what hangs in IAM.
const (
	RootAccessKeyID     = "AKIAPOOLHOUSEDEMO000"
	RootSecretAccessKey = "poolhouse/demo/root/key/known/to/anybody"
	Account             = "000000000000"
	Region              = "us-east-1"

	SAMLProvider = "PoolhouseDemo"  // this pool's SAML IdP, as IAM sees it
	EmployeeRole = "DemoEmployee"   // assumed with a SAML assertion
	AppRole      = "DemoAppUser"    // authenticated identities
	GuestRole    = "DemoGuest"      // guests
	SAMLAppName  = "Demo SAML app"  // under /demo/saml/
	AWSAppName   = "AWS, demo role" // ACS https://signin.aws.amazon.com/saml
)

// RoleARN returns the ARN of a role of the demo's account.
func RoleARN(role string) string { return "arn:aws:iam::" + Account + ":role/" + role }

// SAMLProviderARN returns the ARN of the demo's SAML provider.
func SAMLProviderARN() string { return "arn:aws:iam::" + Account + ":saml-provider/" + SAMLProvider }
