package cognitoidp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
	"github.com/poolhouse/poolhouse/userpool/passkey"
)

// A keyring is an authenticator on a page, with one key for each user.
type keyring struct {
	page virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newKeyring() *keyring {
	return &keyring{page: virtualwebauthn.RelyingParty{ID: "example.com", Origin: "https://app.example.com"},
		auth: virtualwebauthn.NewAuthenticator(), key: newKey()}
}

// newKey makes a key whose coordinates have 32 bytes, as section 7.1.1 of RFC 9053
// wants: of one that begins with a zero byte the library leaves that out.
func newKey() virtualwebauthn.Credential {
	for {
		c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if _, err := webauthncose.ParsePublicKey(c.Key.AttestationData()); err == nil {
			return c
		}
	}
}

func (k *keyring) make(t testing.TB, options json.RawMessage) json.RawMessage {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	k.auth.Options.UserHandle = []byte(o.UserID)
	return json.RawMessage(virtualwebauthn.CreateAttestationResponse(k.page, k.auth, k.key, *o))
}

func (k *keyring) use(t testing.TB, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	k.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(k.page, k.auth, k.key, *o)
}

// passkeyDesk is a pool that takes passkeys, its client, and an access token of bob.
func passkeyDesk(t testing.TB) (d *desk, pool, client, token *string) {
	t.Helper()
	d = newDesk(t)
	d.Pools.PasskeyVerifier, d.Auth.PasskeyVerifier = passkey.Verifier{}, passkey.Verifier{}
	p := d.pool(idp.CreateUserPoolInput{Policies: &idp.UserPoolPolicyType{SignInPolicy: &idp.SignInPolicyType{AllowedFirstAuthFactors: []string{"PASSWORD", "WEB_AUTHN"}}}})
	c := d.client(p, idp.CreateUserPoolClientInput{ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	for _, name := range []string{"bob", "eve"} {
		ok[*idp.AdminCreateUserOutput](d)(d.AdminCreateUser(d.Context(), &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: &name, MessageAction: ptr("SUPPRESS")}))
		ok[*idp.AdminSetUserPasswordOutput](d)(d.AdminSetUserPassword(d.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: p.Id, Username: &name,
			Password: ptr(password), Permanent: ptr(true)}))
	}
	d.clock.Advance(time.Second)
	d.webauthn(p.Id, "SINGLE_FACTOR")
	return d, p.Id, c.ClientId, d.begin(c.ClientId).AuthenticationResult.AccessToken
}

func (d *desk) webauthn(pool *string, factor string) {
	d.Helper()
	out := ok[*idp.SetUserPoolMfaConfigOutput](d)(d.SetUserPoolMfaConfig(d.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: pool,
		MfaConfiguration: ptr("OPTIONAL"), SoftwareTokenMfaConfiguration: &idp.SoftwareTokenMfaConfigType{Enabled: ptr(true)},
		WebAuthnConfiguration: &idp.WebAuthnConfigurationType{RelyingPartyId: ptr("example.com"), UserVerification: ptr("preferred"), FactorConfiguration: &factor}}))
	same(d, "relying party", *out.WebAuthnConfiguration.RelyingPartyId, "example.com")
	same(d, "factor", *out.WebAuthnConfiguration.FactorConfiguration, factor)
}

func (d *desk) startPasskey(token *string) json.RawMessage {
	d.Helper()
	return ok[*idp.StartWebAuthnRegistrationOutput](d)(d.StartWebAuthnRegistration(d.Context(),
		&idp.StartWebAuthnRegistrationInput{AccessToken: token})).CredentialCreationOptions
}

func (d *desk) completePasskey(token *string, answer json.RawMessage) error {
	_, err := d.CompleteWebAuthnRegistration(d.Context(), &idp.CompleteWebAuthnRegistrationInput{AccessToken: token, Credential: answer})
	return err
}

func (d *desk) register(k *keyring, token *string) {
	d.Helper()
	if err := d.completePasskey(token, k.make(d, d.startPasskey(token))); err != nil {
		d.Fatal(err)
	}
}

// ask starts USER_AUTH by passkey.
func (d *desk) ask(client *string, name string) *idp.InitiateAuthOutput {
	d.Helper()
	return ok[*idp.InitiateAuthOutput](d)(d.InitiateAuth(d.Context(), &idp.InitiateAuthInput{ClientId: client, AuthFlow: ptr("USER_AUTH"),
		AuthParameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}}))
}

func (d *desk) answerPasskey(client, session *string, name, credential string) (*idp.RespondToAuthChallengeOutput, error) {
	return d.RespondToAuthChallenge(d.Context(), &idp.RespondToAuthChallengeInput{ClientId: client, Session: session, ChallengeName: ptr("WEB_AUTHN"),
		ChallengeResponses: map[string]string{"USERNAME": name, "CREDENTIAL": credential}})
}

func requestOptions(out *idp.InitiateAuthOutput) string {
	return out.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]
}

func TestPasskeySignIn(t *testing.T) {
	d, _, client, token := passkeyDesk(t)
	choice := d.ask(client, "bob")
	same(t, "before there is one", *choice.ChallengeName, "SELECT_CHALLENGE")
	k := newKeyring()
	d.register(k, token)
	listed := ok[*idp.ListWebAuthnCredentialsOutput](t)(d.ListWebAuthnCredentials(t.Context(), &idp.ListWebAuthnCredentialsInput{AccessToken: token}))
	if len(listed.Credentials) != 1 || *listed.Credentials[0].RelyingPartyId != "example.com" {
		t.Fatalf("%+v", listed)
	}
	factors := ok[*idp.GetUserAuthFactorsOutput](t)(d.GetUserAuthFactors(t.Context(), &idp.GetUserAuthFactorsInput{AccessToken: token}))
	same(t, "factors", strings.Join(factors.ConfiguredUserAuthFactors, " "), "PASSWORD WEB_AUTHN")
	asked := d.ask(client, "bob")
	same(t, "challenge", *asked.ChallengeName, "WEB_AUTHN")
	credential := k.use(t, requestOptions(asked))
	done := ok[*idp.RespondToAuthChallengeOutput](t)(d.answerPasskey(client, asked.Session, "bob", credential))
	if done.AuthenticationResult == nil {
		t.Fatalf("%+v", done)
	}
	_, err := d.answerPasskey(client, asked.Session, "bob", credential)
	refused(t, err, "NotAuthorizedException", "Incorrect username or password.") // replayed: its counter was seen
	again := d.ask(client, "bob")
	_, err = d.answerPasskey(client, again.Session, "bob", credential)
	refused(t, err, "NotAuthorizedException", "Incorrect username or password.") // the answer to another challenge

	left := d.ask(client, "bob")
	ok[*idp.DeleteWebAuthnCredentialOutput](t)(d.DeleteWebAuthnCredential(t.Context(), &idp.DeleteWebAuthnCredentialInput{AccessToken: token,
		CredentialId: listed.Credentials[0].CredentialId}))
	_, err = d.answerPasskey(client, left.Session, "bob", k.use(t, requestOptions(left)))
	refused(t, err, "NotAuthorizedException", "Invalid session for the user.") // deleted meanwhile
	_, err = d.DeleteWebAuthnCredential(t.Context(), &idp.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: listed.Credentials[0].CredentialId})
	refused(t, err, "ResourceNotFoundException", "Credential does not exist.")
}

// An authenticator that does not count gives no hint of a replay: the session does.
func TestPasskeyReplayWithoutACounter(t *testing.T) {
	d, _, client, token := passkeyDesk(t)
	k := newKeyring()
	d.register(k, token)
	asked := d.ask(client, "bob")
	k.key.Counter = ^uint32(0) // use adds one
	credential := k.use(t, requestOptions(asked))
	ok[*idp.RespondToAuthChallengeOutput](t)(d.answerPasskey(client, asked.Session, "bob", credential))
	_, err := d.answerPasskey(client, asked.Session, "bob", credential)
	refused(t, err, "NotAuthorizedException", "session can only be used once")
}

func TestPasskeyAttacks(t *testing.T) {
	d, pool, client, token := passkeyDesk(t)
	k := newKeyring()
	d.register(k, token)
	wrong := func(name string, answer func(options string) string) {
		t.Helper()
		asked := d.ask(client, "bob")
		if _, err := d.answerPasskey(client, asked.Session, "bob", answer(requestOptions(asked))); err == nil {
			t.Errorf("%s was accepted", name)
		} else {
			refused(t, err, "NotAuthorizedException", "Incorrect username or password.")
		}
	}
	stranger := newKeyring()
	wrong("another key", func(o string) string { return stranger.use(t, o) })
	phisher := *k
	phisher.page.Origin = "https://example.com.evil.test"
	wrong("a page of another host", func(o string) string { return phisher.use(t, o) })
	phisher.page = virtualwebauthn.RelyingParty{ID: "evil.test", Origin: "https://app.example.com"}
	wrong("another relying party", func(o string) string { return phisher.use(t, o) })
	wrong("a counter that goes back", func(o string) string {
		old := *k
		old.key.Counter = ^uint32(0)
		k.key.Counter = 9
		asked := d.ask(client, "bob")
		ok[*idp.RespondToAuthChallengeOutput](t)(d.answerPasskey(client, asked.Session, "bob", k.use(t, requestOptions(asked))))
		return old.use(t, o)
	})
	// eve's own passkey is good for eve alone.
	eve := newKeyring()
	eveToken := ok[*idp.InitiateAuthOutput](t)(d.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: client, AuthFlow: ptr("USER_PASSWORD_AUTH"),
		AuthParameters: map[string]string{"USERNAME": "eve", "PASSWORD": password}})).AuthenticationResult.AccessToken
	d.register(eve, eveToken)
	wrong("another user's passkey", func(o string) string { return eve.use(t, o) })
	asked := d.ask(client, "eve")
	_, err := d.answerPasskey(client, asked.Session, "bob", eve.use(t, requestOptions(asked)))
	refused(t, err, "NotAuthorizedException", "Invalid session for the user.")
	refused(t, d.completePasskey(eveToken, k.make(t, d.startPasskey(eveToken))), "InvalidParameterException", "Credential data is not valid") // an ID that bob has
	other := d.client(&idp.UserPoolType{Id: pool}, idp.CreateUserPoolClientInput{ExplicitAuthFlows: []string{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	asked = d.ask(client, "bob")
	_, err = d.answerPasskey(other.ClientId, asked.Session, "bob", k.use(t, requestOptions(asked)))
	refused(t, err, "NotAuthorizedException", "Invalid session for the user.")
}

// TestPasskeyForBothFactors: only where pool and user say so, and the authenticator
// verified its user.
func TestPasskeyForBothFactors(t *testing.T) {
	d, pool, client, token := passkeyDesk(t)
	k := newKeyring()
	d.register(k, token)
	given := ok[*idp.AssociateSoftwareTokenOutput](t)(d.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{AccessToken: token}))
	ok[*idp.VerifySoftwareTokenOutput](t)(d.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{AccessToken: token, UserCode: d.totp(given.SecretCode, 0)}))
	prefer := &idp.SetUserMFAPreferenceInput{AccessToken: token, SoftwareTokenMfaSettings: &idp.SoftwareTokenMfaSettingsType{Enabled: ptr(true)}}
	ok[*idp.SetUserMFAPreferenceOutput](t)(d.SetUserMFAPreference(t.Context(), prefer))
	signIn := func() string {
		asked := d.ask(client, "bob")
		out := ok[*idp.RespondToAuthChallengeOutput](t)(d.answerPasskey(client, asked.Session, "bob", k.use(t, requestOptions(asked))))
		if out.ChallengeName == nil {
			return "tokens"
		}
		return *out.ChallengeName
	}
	same(t, "one factor", signIn(), "SOFTWARE_TOKEN_MFA")
	d.webauthn(pool, "MULTI_FACTOR_WITH_USER_VERIFICATION")
	same(t, "without the user's word", signIn(), "SOFTWARE_TOKEN_MFA")
	prefer.WebAuthnMfaSettings = &idp.WebAuthnMfaSettingsType{Enabled: ptr(true)}
	ok[*idp.SetUserMFAPreferenceOutput](t)(d.SetUserMFAPreference(t.Context(), prefer))
	if asked := d.ask(client, "bob"); !strings.Contains(requestOptions(asked), `"userVerification":"required"`) {
		t.Error(requestOptions(asked))
	}
	same(t, "both factors", signIn(), "tokens")
	k.auth.Options.UserNotVerified = true
	asked := d.ask(client, "bob")
	_, err := d.answerPasskey(client, asked.Session, "bob", k.use(t, requestOptions(asked)))
	refused(t, err, "NotAuthorizedException", "Incorrect username or password.")
}

func TestPasskeyRegistrationRefusals(t *testing.T) {
	d, pool, client, token := passkeyDesk(t)
	k := newKeyring()
	answer := k.make(t, d.startPasskey(token))
	if err := d.completePasskey(token, answer); err != nil {
		t.Fatal(err)
	}
	refused(t, d.completePasskey(token, answer), "WebAuthnChallengeNotFoundException", "") // used up
	refused(t, d.completePasskey(token, json.RawMessage(`{"id":"x"}`)), "InvalidParameterException", "Credential data is not valid")

	late := k.make(t, d.startPasskey(token))
	d.clock.Advance(6 * time.Minute)
	refused(t, d.completePasskey(token, late), "WebAuthnChallengeNotFoundException", "")

	phisher := newKeyring()
	phisher.page.Origin = "https://evil.test"
	refused(t, d.completePasskey(token, phisher.make(t, d.startPasskey(token))), "WebAuthnOriginNotAllowedException", "")
	phisher.page = virtualwebauthn.RelyingParty{ID: "evil.test", Origin: "https://app.example.com"}
	refused(t, d.completePasskey(token, phisher.make(t, d.startPasskey(token))), "WebAuthnRelyingPartyMismatchException", "")

	eve := ok[*idp.InitiateAuthOutput](t)(d.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: client, AuthFlow: ptr("USER_PASSWORD_AUTH"),
		AuthParameters: map[string]string{"USERNAME": "eve", "PASSWORD": password}})).AuthenticationResult.AccessToken
	refused(t, d.completePasskey(eve, newKeyring().make(t, d.startPasskey(token))), "WebAuthnChallengeNotFoundException", "")

	second := d.client(&idp.UserPoolType{Id: pool}, idp.CreateUserPoolClientInput{ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	elsewhere := d.begin(second.ClientId).AuthenticationResult.AccessToken
	refused(t, d.completePasskey(elsewhere, newKeyring().make(t, d.startPasskey(token))), "WebAuthnClientMismatchException", "")

	for range 19 {
		d.register(newKeyring(), token)
	}
	_, err := d.StartWebAuthnRegistration(t.Context(), &idp.StartWebAuthnRegistrationInput{AccessToken: token})
	refused(t, err, "LimitExceededException", "")

	_, client2 := d.mfaPool("OPTIONAL") // a pool that takes passwords alone
	_, err = d.StartWebAuthnRegistration(t.Context(), &idp.StartWebAuthnRegistrationInput{AccessToken: d.begin(client2).AuthenticationResult.AccessToken})
	refused(t, err, "WebAuthnNotEnabledException", "")
}

// An address is no name that a passkey can be made for.
func TestPasskeysNeedAName(t *testing.T) {
	d, pool, _, token := passkeyDesk(t)
	ok[*idp.SetUserPoolMfaConfigOutput](t)(d.SetUserPoolMfaConfig(t.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: pool,
		WebAuthnConfiguration: &idp.WebAuthnConfigurationType{UserVerification: ptr("preferred")}, SoftwareTokenMfaConfiguration: &idp.SoftwareTokenMfaConfigType{Enabled: ptr(true)}}))
	_, err := d.StartWebAuthnRegistration(t.Context(), &idp.StartWebAuthnRegistrationInput{AccessToken: token})
	refused(t, err, "WebAuthnConfigurationMissingException", "")
}
