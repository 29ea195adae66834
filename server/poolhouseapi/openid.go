package poolhouseapi

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// PutOpenIDClient gives a client settings in place of all that it has beyond those of
// CreateUserPoolClient. They are client metadata as RFC 7591 has it, a JSON object.
func (a *API) PutOpenIDClient(ctx context.Context, in *PutOpenIDClientInput) (*PutOpenIDClientOutput, error) {
	settings, err := userpool.ParseOpenIDClient([]byte(*in.Metadata), false)
	if err != nil {
		return nil, err
	}
	c, err := a.Pools.PutOpenIDClient(ctx, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId), settings)
	if err != nil {
		return nil, err
	}
	shape, err := openIDClient(c)
	return &PutOpenIDClientOutput{Client: shape}, err
}

// DescribeOpenIDClient returns those settings, without the ones at their defaults.
func (a *API) DescribeOpenIDClient(ctx context.Context, in *DescribeOpenIDClientInput) (*DescribeOpenIDClientOutput, error) {
	c, err := a.Pools.Client(ctx, userpool.PoolID(*in.UserPoolId), userpool.ClientID(*in.ClientId))
	if err != nil {
		return nil, err
	}
	shape, err := openIDClient(c)
	return &DescribeOpenIDClientOutput{Client: shape}, err
}

func openIDClient(c *userpool.Client) (*OpenIDClientType, error) {
	members, err := c.OpenID.Metadata(false)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(members)
	return &OpenIDClientType{UserPoolId: awsapi.Ptr(string(c.Pool)), ClientId: awsapi.Ptr(string(c.ID)),
		Registered: &c.OpenID.Registered, Metadata: awsapi.Ptr(string(text))}, err
}

// The names of a pool's modes.
const (
	modeCognito = "COGNITO"
	modeStrict  = "STRICT"
)

// SetOpenIDPool says how a pool's OpenID provider behaves. What is not given is at
// its default afterwards: COGNITO, OFF, false.
func (a *API) SetOpenIDPool(ctx context.Context, in *SetOpenIDPoolInput) (*SetOpenIDPoolOutput, error) {
	settings := userpool.OpenIDPool{Registration: strings.ToLower(awsapi.Value(in.Registration)),
		ImplicitClients: awsapi.Value(in.AllowImplicitClients), DPoPNonces: awsapi.Value(in.RequireDPoPNonces),
		RequirePAR: awsapi.Value(in.RequirePushedRequests)}
	if settings.Registration == "off" {
		settings.Registration = userpool.RegistrationOff
	}
	p, err := a.Pools.SetOpenIDPool(ctx, userpool.PoolID(*in.UserPoolId), awsapi.Value(in.Mode) == modeStrict, settings)
	if err != nil {
		return nil, err
	}
	return &SetOpenIDPoolOutput{Pool: openIDPool(p)}, nil
}

// DescribeOpenIDPool returns what SetOpenIDPool sets.
func (a *API) DescribeOpenIDPool(ctx context.Context, in *DescribeOpenIDPoolInput) (*DescribeOpenIDPoolOutput, error) {
	p, err := a.Pools.Pool(ctx, userpool.PoolID(*in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &DescribeOpenIDPoolOutput{Pool: openIDPool(p)}, nil
}

func openIDPool(p *userpool.Pool) *OpenIDPoolType {
	mode, registration := modeCognito, "OFF"
	if p.Strict {
		mode = modeStrict
	}
	if p.OpenID.Registration != userpool.RegistrationOff {
		registration = strings.ToUpper(p.OpenID.Registration)
	}
	return &OpenIDPoolType{UserPoolId: awsapi.Ptr(string(p.ID)), Mode: &mode, Registration: &registration,
		AllowImplicitClients: &p.OpenID.ImplicitClients, RequireDPoPNonces: &p.OpenID.DPoPNonces, RequirePushedRequests: &p.OpenID.RequirePAR}
}

// CreateRegistrationToken makes an initial access token, by which clients may
// register themselves (RFC 7591 section 3): once and for an hour, unless more is
// asked for.
func (a *API) CreateRegistrationToken(ctx context.Context, in *CreateRegistrationTokenInput) (*CreateRegistrationTokenOutput, error) {
	uses, life := max(1, awsapi.Value(in.Uses)), awsapi.Value(in.LifeInSeconds)
	if life == 0 {
		life = 3600
	}
	token, expires, err := a.Pools.NewRegistrationToken(ctx, userpool.PoolID(*in.UserPoolId), int(uses), time.Duration(life)*time.Second)
	if err != nil {
		return nil, err
	}
	return &CreateRegistrationTokenOutput{Token: &token, ExpirationDate: &expires}, nil
}
