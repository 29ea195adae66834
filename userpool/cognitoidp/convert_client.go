package cognitoidp

import (
	"math"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// units are the TimeUnitsType of AWS.
var units = map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}

// life is a validity in its unit. Zero and absent mean the default life; what no
// duration can hold is the longest one, which is over every bound.
func life(n *int32, unit *string, defaultUnit string, absent time.Duration) time.Duration {
	if awsapi.Value(n) == 0 {
		return absent
	}
	u := units[or(unit, defaultUnit)]
	if time.Duration(*n) > math.MaxInt64/u {
		return math.MaxInt64
	}
	return time.Duration(*n) * u
}

// clientIn turns the input of CreateUserPoolClient into a client. Members left
// out get their defaults.
func clientIn(in *CreateUserPoolClientInput) (*userpool.Client, error) {
	c := userpool.NewClient(pool(in.UserPoolId), awsapi.Value(in.ClientName))
	switch {
	case in.ClientSecret != nil && awsapi.Value(in.GenerateSecret):
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Only one of GenerateSecret and ClientSecret can be given.")
	case in.ClientSecret != nil:
		c.Secret = *in.ClientSecret
	case awsapi.Value(in.GenerateSecret):
		c.Secret = userpool.NewClientSecret()
	}
	unit := or(in.TokenValidityUnits, TokenValidityUnitsType{})
	c.AccessTokenLife = life(in.AccessTokenValidity, unit.AccessToken, "hours", c.AccessTokenLife)
	c.IDTokenLife = life(in.IdTokenValidity, unit.IdToken, "hours", c.IDTokenLife)
	c.RefreshTokenLife = life(in.RefreshTokenValidity, unit.RefreshToken, "days", c.RefreshTokenLife)
	if in.AuthSessionValidity != nil {
		c.SessionLife = time.Duration(*in.AuthSessionValidity) * time.Minute
	}
	if r := in.RefreshTokenRotation; r != nil {
		c.RotateRefresh = awsapi.Value(r.Feature) == "ENABLED"
		c.RefreshGrace = time.Duration(awsapi.Value(r.RetryGracePeriodSeconds)) * time.Second
	}
	c.ExplicitAuthFlows = in.ExplicitAuthFlows
	c.HideUserExistence = awsapi.Value(in.PreventUserExistenceErrors) == "ENABLED"
	c.TokenRevocation = or(in.EnableTokenRevocation, true)
	c.ReadAttributes, c.WriteAttributes = in.ReadAttributes, in.WriteAttributes
	c.OAuthEnabled = awsapi.Value(in.AllowedOAuthFlowsUserPoolClient)
	c.OAuthFlows, c.OAuthScopes = in.AllowedOAuthFlows, in.AllowedOAuthScopes
	c.CallbackURLs, c.LogoutURLs, c.DefaultRedirectURI = in.CallbackURLs, in.LogoutURLs, awsapi.Value(in.DefaultRedirectURI)
	c.IdentityProviders = in.SupportedIdentityProviders
	return c, keepClient(c, in)
}

// keepClient stores the members that are reported as they came.
func keepClient(c *userpool.Client, in *CreateUserPoolClientInput) error {
	s := settings{}
	c.Settings = s
	for _, err := range []error{
		keep(s, "AccessTokenValidity", in.AccessTokenValidity),
		keep(s, "IdTokenValidity", in.IdTokenValidity),
		keep(s, "RefreshTokenValidity", in.RefreshTokenValidity),
		keep(s, "TokenValidityUnits", in.TokenValidityUnits),
		keep(s, "PreventUserExistenceErrors", in.PreventUserExistenceErrors),
		keep(s, "RefreshTokenRotation", in.RefreshTokenRotation),
		keep(s, "AnalyticsConfiguration", in.AnalyticsConfiguration),
		keep(s, "EnablePropagateAdditionalUserContextData", in.EnablePropagateAdditionalUserContextData),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// defaultFlows are the flows of a client that names none.
var defaultFlows = []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"}

func clientOut(c *userpool.Client) *UserPoolClientType {
	s := settings(c.Settings)
	flows := c.ExplicitAuthFlows
	if len(flows) == 0 {
		flows = defaultFlows
		if c.RotateRefresh {
			flows = []string{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"}
		}
	}
	return &UserPoolClientType{
		UserPoolId: awsapi.Ptr(string(c.Pool)), ClientId: awsapi.Ptr(string(c.ID)), ClientName: &c.Name, ClientSecret: optional(c.Secret),
		CreationDate: stamp(c.Created), LastModifiedDate: stamp(c.Modified),
		RefreshTokenValidity: awsapi.Ptr(refreshValidity(s)), TokenValidityUnits: unitsOut(s),
		AccessTokenValidity: kept[int32](s, "AccessTokenValidity"), IdTokenValidity: kept[int32](s, "IdTokenValidity"),
		ReadAttributes: c.ReadAttributes, WriteAttributes: c.WriteAttributes, ExplicitAuthFlows: flows,
		SupportedIdentityProviders: c.IdentityProviders, CallbackURLs: c.CallbackURLs, LogoutURLs: c.LogoutURLs,
		DefaultRedirectURI: optional(c.DefaultRedirectURI), AllowedOAuthFlows: c.OAuthFlows, AllowedOAuthScopes: c.OAuthScopes,
		AllowedOAuthFlowsUserPoolClient: &c.OAuthEnabled, EnableTokenRevocation: &c.TokenRevocation,
		AnalyticsConfiguration:                   kept[AnalyticsConfigurationType](s, "AnalyticsConfiguration"),
		PreventUserExistenceErrors:               preventOut(c),
		EnablePropagateAdditionalUserContextData: awsapi.Ptr(or(kept[bool](s, "EnablePropagateAdditionalUserContextData"), false)),
		AuthSessionValidity:                      awsapi.Ptr(int32(c.SessionLife / time.Minute)),
		RefreshTokenRotation:                     kept[RefreshTokenRotationType](s, "RefreshTokenRotation"),
	}
}

// refreshValidity is 30 days where it is absent or 0.
func refreshValidity(s settings) int32 {
	if n := awsapi.Value(kept[int32](s, "RefreshTokenValidity")); n != 0 {
		return n
	}
	return 30
}

// preventOut reports PreventUserExistenceErrors as it acts; a client that was
// made without it, as LEGACY in effect, reports nothing.
func preventOut(c *userpool.Client) *string {
	if c.HideUserExistence {
		return awsapi.Ptr("ENABLED")
	}
	return kept[string](c.Settings, "PreventUserExistenceErrors")
}

// unitsOut is empty where no unit was set; else it shows all three.
func unitsOut(s settings) *TokenValidityUnitsType {
	u := or(kept[TokenValidityUnitsType](s, "TokenValidityUnits"), TokenValidityUnitsType{})
	if u == (TokenValidityUnitsType{}) {
		return &u
	}
	return &TokenValidityUnitsType{
		AccessToken: awsapi.Ptr(or(u.AccessToken, "hours")), IdToken: awsapi.Ptr(or(u.IdToken, "hours")), RefreshToken: awsapi.Ptr(or(u.RefreshToken, "days")),
	}
}
