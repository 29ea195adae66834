package cognitoidp

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// authOps lists the operations of signing in and of tokens.
func (a *API) authOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AdminInitiateAuth", awsapi.SigV4, a.AdminInitiateAuth),
		awsapi.Func("AdminRespondToAuthChallenge", awsapi.SigV4, a.AdminRespondToAuthChallenge),
		awsapi.Func("GetSigningCertificate", awsapi.SigV4, a.GetSigningCertificate),
		awsapi.Func("GetTokensFromRefreshToken", awsapi.Public, a.GetTokensFromRefreshToken),
		awsapi.Func("GetUser", awsapi.AccessToken, a.GetUser),
		awsapi.Func("GlobalSignOut", awsapi.AccessToken, a.GlobalSignOut),
		awsapi.Func("InitiateAuth", awsapi.Public, a.InitiateAuth),
		awsapi.Func("RespondToAuthChallenge", awsapi.Public, a.RespondToAuthChallenge),
		awsapi.Func("RevokeToken", awsapi.Public, a.RevokeToken),
	}
}

// InitiateAuth starts a sign-in for a client that holds no AWS credentials.
func (a *API) InitiateAuth(ctx context.Context, in *InitiateAuthInput) (*InitiateAuthOutput, error) {
	c, err := a.appClient(ctx, *in.ClientId)
	if err != nil {
		return nil, err
	}
	step, err := a.Auth.Initiate(fromApp(ctx, c, in.UserContextData), c, *in.AuthFlow, in.AuthParameters, awsapi.Value(in.Session), false)
	if err != nil {
		return nil, authError(err)
	}
	out := answer(ctx, step)
	return &InitiateAuthOutput{ChallengeName: out.name, Session: out.session, AvailableChallenges: out.available,
		ChallengeParameters: out.params, AuthenticationResult: out.result}, nil
}

// AdminInitiateAuth starts a sign-in for a back end.
func (a *API) AdminInitiateAuth(ctx context.Context, in *AdminInitiateAuthInput) (*AdminInitiateAuthOutput, error) {
	c, err := a.Pools.Client(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId))
	if err != nil {
		return nil, err
	}
	step, err := a.Auth.Initiate(fromBackEnd(ctx, in.ContextData), c, *in.AuthFlow, in.AuthParameters, awsapi.Value(in.Session), true)
	if err != nil {
		return nil, authError(err)
	}
	out := answer(ctx, step)
	return &AdminInitiateAuthOutput{ChallengeName: out.name, Session: out.session, AvailableChallenges: out.available,
		ChallengeParameters: out.params, AuthenticationResult: out.result}, nil
}

// RespondToAuthChallenge answers a challenge of InitiateAuth.
func (a *API) RespondToAuthChallenge(ctx context.Context, in *RespondToAuthChallengeInput) (*RespondToAuthChallengeOutput, error) {
	c, err := a.appClient(ctx, *in.ClientId)
	if err != nil {
		return nil, err
	}
	step, err := a.Auth.Respond(fromApp(ctx, c, in.UserContextData), c, *in.ChallengeName, in.ChallengeResponses, awsapi.Value(in.Session), false)
	if err != nil {
		return nil, authError(err)
	}
	out := answer(ctx, step)
	return &RespondToAuthChallengeOutput{ChallengeName: out.name, Session: out.session,
		ChallengeParameters: out.params, AuthenticationResult: out.result}, nil
}

// AdminRespondToAuthChallenge answers a challenge of AdminInitiateAuth.
func (a *API) AdminRespondToAuthChallenge(ctx context.Context, in *AdminRespondToAuthChallengeInput) (*AdminRespondToAuthChallengeOutput, error) {
	c, err := a.Pools.Client(ctx, pool(in.UserPoolId), userpool.ClientID(*in.ClientId))
	if err != nil {
		return nil, err
	}
	step, err := a.Auth.Respond(fromBackEnd(ctx, in.ContextData), c, *in.ChallengeName, in.ChallengeResponses, awsapi.Value(in.Session), true)
	if err != nil {
		return nil, authError(err)
	}
	out := answer(ctx, step)
	return &AdminRespondToAuthChallengeOutput{ChallengeName: out.name, Session: out.session,
		ChallengeParameters: out.params, AuthenticationResult: out.result}, nil
}

// appClient finds the client of a public operation.
func (a *API) appClient(ctx context.Context, id string) (*userpool.Client, error) {
	c, err := a.Pools.Store.Client(ctx, userpool.ClientID(id))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil, userpool.Fail(userpool.ErrClientNotFound, "User pool client "+id+" does not exist.")
	}
	return c, err
}

// fromCaller says where a sign-in comes from: the address that called.
func fromCaller(ctx context.Context) context.Context {
	call := awsapi.FromContext(ctx)
	return userpool.WithOrigin(ctx, userpool.Origin{IP: call.SourceIP, UserAgent: call.UserAgent})
}

// fromApp is fromCaller for a client, which may tell the address of its user where
// its settings say so and it proves who it is: it has a secret, and sends a hash of
// it before anything depends on the address.
func fromApp(ctx context.Context, c *userpool.Client, data *UserContextDataType) context.Context {
	if data == nil || c.Secret == "" || string(c.Settings["EnablePropagateAdditionalUserContextData"]) != "true" {
		return fromCaller(ctx)
	}
	ip, err := netip.ParseAddr(awsapi.Value(data.IpAddress))
	if err != nil {
		return fromCaller(ctx)
	}
	return userpool.WithOrigin(ctx, userpool.Origin{IP: ip.Unmap().WithZone("").String(), UserAgent: awsapi.FromContext(ctx).UserAgent})
}

// fromBackEnd is fromCaller for a back end, which may tell the address of its user.
func fromBackEnd(ctx context.Context, data *ContextDataType) context.Context {
	if data == nil || awsapi.Value(data.IpAddress) == "" {
		return fromCaller(ctx)
	}
	return userpool.WithOrigin(ctx, userpool.Origin{IP: *data.IpAddress, UserAgent: agentOf(data.HttpHeaders)})
}

// authError gives a flow that is not written its wire form: the one that the wire
// layer has for operations that are not.
func authError(err error) error {
	var fault *userpool.Fault
	if errors.Is(err, userpool.ErrNotImplemented) && errors.As(err, &fault) {
		return &awsapi.Error{Status: 501, Code: "NotImplementedException", Message: fault.Text}
	}
	return err
}

// An authAnswer is what the four operations of signing in have in common.
type authAnswer struct {
	name, session *string
	params        map[string]string
	available     []string
	result        *AuthenticationResultType
}

func answer(ctx context.Context, s *userpool.Step) authAnswer {
	if s.Challenge == nil {
		if f := s.Result.Family; f != nil {
			awsapi.FromContext(ctx).NoteUser(f.Sub)
		}
		return authAnswer{params: map[string]string{}, result: authenticationResult(s.Result)}
	}
	out := authAnswer{name: &s.Challenge.Name, params: s.Challenge.Params, available: s.Challenge.Available}
	if s.Challenge.Session != "" {
		out.session = &s.Challenge.Session
	}
	return out
}

func authenticationResult(set *userpool.TokenSet) *AuthenticationResultType {
	out := &AuthenticationResultType{AccessToken: &set.AccessToken, TokenType: awsapi.Ptr("Bearer"),
		ExpiresIn: awsapi.Ptr(int32(set.ExpiresIn / time.Second))}
	if set.IDToken != "" {
		out.IdToken = &set.IDToken
	}
	if set.RefreshToken != "" {
		out.RefreshToken = &set.RefreshToken
	}
	if d := set.NewDevice; d != nil {
		out.NewDeviceMetadata = &NewDeviceMetadataType{DeviceKey: &d.Key, DeviceGroupKey: &d.Group}
	}
	return out
}

// agentOf finds the User-Agent among the headers that a back end passes on.
func agentOf(headers []HttpHeader) string {
	for _, h := range headers {
		if strings.EqualFold(awsapi.Value(h.HeaderName), "User-Agent") {
			return awsapi.Value(h.HeaderValue)
		}
	}
	return ""
}
