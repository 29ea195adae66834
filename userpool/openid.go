package userpool

import (
	"encoding/json"
	"reflect"
	"slices"
)

// How a client authenticates at the token endpoint (OpenID Connect Core section 9,
// RFC 8705 section 2).
const (
	AuthBasic         = "client_secret_basic"
	AuthPost          = "client_secret_post"
	AuthSecretJWT     = "client_secret_jwt"
	AuthPrivateKeyJWT = "private_key_jwt"
	AuthTLS           = "tls_client_auth"
	AuthSelfSignedTLS = "self_signed_tls_client_auth"
	AuthNone          = "none"
)

// Grant types beyond RFC 6749's that a client's settings can list.
const (
	GrantDevice   = "urn:ietf:params:oauth:grant-type:device_code"    // RFC 8628
	GrantExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693
	GrantCIBA     = "urn:openid:params:grant-type:ciba"
)

// An OpenIDClient is what an OpenID Connect client asked for beyond what an app
// client of Cognito's has. Its members are those of OpenID Connect Dynamic Client
// Registration 1.0 section 2 and RFC 7591 section 2, and of the extensions that
// each names. The zero value is a client as Cognito has them: an empty member
// takes Cognito's behaviour.
type OpenIDClient struct {
	AuthMethod     string `json:",omitempty"` // empty: basic or post with a secret, none without
	AuthAlgorithm  string `json:",omitempty"` // of client assertions
	JWKS           string `json:",omitempty"` // the client's keys, encoded; or else where they are:
	JWKSURI        string `json:",omitempty"`
	TLSSubject     string `json:",omitempty"` // distinguished name, RFC 4514 (RFC 8705 section 2.1.2)
	TLSNames       TLSNames
	CertBound      bool `json:",omitempty"` // tokens are bound to the certificate (RFC 8705 section 3.4)
	DPoPBound      bool `json:",omitempty"` // tokens need a proof (RFC 9449 section 5.2)
	RequirePAR     bool `json:",omitempty"` // RFC 9126 section 6
	RequireSigned  bool `json:",omitempty"` // require_signed_request_object (RFC 9101 section 10.5)
	RequirePKCE    bool `json:",omitempty"`
	RequireConsent bool `json:",omitempty"`
	FAPI           bool `json:",omitempty"` // the FAPI 2.0 Security Profile is enforced

	ResponseTypes []string `json:",omitempty"` // beyond those that OAuthFlows allows: "code id_token", "id_token" …
	GrantTypes    []string `json:",omitempty"` // beyond those that OAuthFlows allows: device code, token exchange, CIBA …
	Audiences     []string `json:",omitempty"` // resources that its tokens may be for; empty allows any
	Introspects   []string `json:",omitempty"` // APIs that it acts for: whose tokens it may look at (RFC 7662), by resource or by resource server
	ExchangeFrom  []string `json:",omitempty"` // ids of clients whose tokens it may exchange (RFC 8693), beside its own
	DetailTypes   []string `json:",omitempty"` // authorization_details_types (RFC 9396 section 10)

	RequestObjectAlgorithm string   `json:",omitempty"`
	Request                Sealing  // KeyManager and Content: how it means to encrypt its request objects
	RequestURIs            []string `json:",omitempty"`

	IDToken       Sealing // how its ID tokens are signed and encrypted
	UserInfo      Sealing // userinfo answers; plain JSON where Algorithm is empty
	Authorization Sealing // JARM
	Introspection Sealing // RFC 9701
	AccessToken   Sealing // Algorithm only

	JWTProfile    bool     `json:",omitempty"` // access tokens as RFC 9068 has them, not as Cognito does
	Pairwise      bool     `json:",omitempty"` // subject_type pairwise
	Sector        string   `json:",omitempty"` // host that pairwise subjects are the same for
	SectorURI     string   `json:",omitempty"` // sector_identifier_uri
	DefaultMaxAge *int     `json:",omitempty"` // seconds
	NeedAuthTime  bool     `json:",omitempty"` // require_auth_time
	DefaultACR    []string `json:",omitempty"`

	ApplicationType    string   `json:",omitempty"` // web or native; empty is web
	ClientURI          string   `json:",omitempty"`
	LogoURI            string   `json:",omitempty"`
	Logo               *Logo    `json:",omitempty"` // of LogoURI; nil for none that could be had
	PolicyURI          string   `json:",omitempty"`
	TermsURI           string   `json:",omitempty"`
	Contacts           []string `json:",omitempty"`
	InitiateLoginURI   string   `json:",omitempty"` // third-party initiated login
	FrontchannelLogout string   `json:",omitempty"` // URI
	FrontchannelSID    bool     `json:",omitempty"` // frontchannel_logout_session_required
	BackchannelLogout  string   `json:",omitempty"` // URI
	BackchannelSID     bool     `json:",omitempty"` // backchannel_logout_session_required

	CIBAMode      string `json:",omitempty"` // poll or ping (CIBA Core section 4)
	CIBANotify    string `json:",omitempty"` // backchannel_client_notification_endpoint
	CIBAAlgorithm string `json:",omitempty"` // of signed authentication requests

	// Registered marks a client that registered itself (RFC 7591): nobody vouches
	// for it. Its user is asked for consent, and errors do not lead to it in silence.
	Registered bool `json:",omitempty"`
	// RegistrationToken is the hash of what the client manages itself with (RFC 7592).
	RegistrationToken []byte `json:",omitempty"`
}

// Standard reports whether the client is OpenID Connect's rather than Cognito's: it
// has settings that no app client of Cognito's has.
func (o *OpenIDClient) Standard() bool { return !reflect.ValueOf(o).Elem().IsZero() }

// Clone returns a copy that shares nothing with o.
func (o OpenIDClient) Clone() OpenIDClient {
	for _, list := range []*[]string{&o.ResponseTypes, &o.GrantTypes, &o.Audiences, &o.Introspects, &o.ExchangeFrom, &o.DetailTypes, &o.RequestURIs,
		&o.DefaultACR, &o.Contacts} {
		*list = slices.Clone(*list)
	}
	o.RegistrationToken = slices.Clone(o.RegistrationToken)
	if o.DefaultMaxAge != nil {
		o.DefaultMaxAge = new(*o.DefaultMaxAge)
	}
	if o.Logo != nil {
		o.Logo = new(*o.Logo)
		o.Logo.Body = slices.Clone(o.Logo.Body)
	}
	return o
}

// Public reports whether nothing proves that a request is the client's (RFC 6749
// section 2.1).
func (c *Client) Public() bool {
	return c.OpenID.AuthMethod == AuthNone || c.OpenID.AuthMethod == "" && c.Secret == ""
}

// TLSNames are the subject alternative names, of which one identifies a client's
// certificate (RFC 8705 section 2.1.2).
type TLSNames struct {
	DNS   string `json:",omitempty"`
	URI   string `json:",omitempty"`
	IP    string `json:",omitempty"`
	Email string `json:",omitempty"`
}

// A Sealing says how a JWT for a client is made, by the names of RFC 7518.
type Sealing struct {
	Algorithm  string `json:",omitempty"` // of the signature
	KeyManager string `json:",omitempty"` // alg of the encryption; empty: not encrypted
	Content    string `json:",omitempty"` // enc; A128CBC-HS256 where empty
}

// How clients may register themselves at a pool (RFC 7591).
const (
	RegistrationOff   = ""      // not at all
	RegistrationToken = "token" // with an initial access token
	RegistrationOpen  = "open"  // anybody
)

// An OpenIDPool is what a pool's OpenID provider does beyond Cognito's.
type OpenIDPool struct {
	Registration string `json:",omitempty"`
	// ImplicitClients lets clients that register themselves have tokens sent by the
	// browser.
	ImplicitClients bool `json:",omitempty"`
	RequirePAR      bool `json:",omitempty"` // of all clients (RFC 9126 section 5)
	DPoPNonces      bool `json:",omitempty"` // DPoP proofs need a nonce of this server (RFC 9449 section 8)
}

// Particulars are what a sign-in through the OpenID provider was agreed on beyond its
// scopes. They go from the authorization request to the grant, to the family,
// and into each token of it.
type Particulars struct {
	SessionID    string          `json:",omitempty"` // sid, of the browser session
	ACR          string          `json:",omitempty"` // met by the sign-in
	Methods      []string        `json:",omitempty"` // amr (RFC 8176)
	Claims       json.RawMessage `json:",omitempty"` // the claims parameter (OpenID Connect Core section 5.5), checked
	Details      json.RawMessage `json:",omitempty"` // authorization_details (RFC 9396), checked and granted
	Resources    []string        `json:",omitempty"` // RFC 8707, all of them where there are several
	Confirmation *Confirmation   `json:",omitempty"`
	Actor        json.RawMessage `json:",omitempty"` // act (RFC 8693 section 4.1)
	Offline      bool            `json:",omitempty"` // offline_access was granted
}

// A Confirmation is the key that whoever presents a token must hold (RFC 7800).
type Confirmation struct {
	Thumbprint  string `json:"jkt,omitempty"`      // of the DPoP key (RFC 9449 section 6)
	Certificate string `json:"x5t#S256,omitempty"` // RFC 8705 section 3.1
}
