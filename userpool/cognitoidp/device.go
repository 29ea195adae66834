package cognitoidp

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// deviceOps are the operations on remembered devices.
func (a *API) deviceOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AdminForgetDevice", awsapi.SigV4, a.AdminForgetDevice),
		awsapi.Func("AdminGetDevice", awsapi.SigV4, a.AdminGetDevice),
		awsapi.Func("AdminListDevices", awsapi.SigV4, a.AdminListDevices),
		awsapi.Func("AdminUpdateDeviceStatus", awsapi.SigV4, a.AdminUpdateDeviceStatus),
		awsapi.Func("ConfirmDevice", awsapi.AccessToken, a.ConfirmDevice),
		awsapi.Func("ForgetDevice", awsapi.AccessToken, a.ForgetDevice),
		awsapi.Func("GetDevice", awsapi.AccessToken, a.GetDevice),
		awsapi.Func("ListDevices", awsapi.AccessToken, a.ListDevices),
		awsapi.Func("UpdateDeviceStatus", awsapi.AccessToken, a.UpdateDeviceStatus),
	}
}

// ConfirmDevice makes a device known that the user of an access token has just
// signed in with.
func (a *API) ConfirmDevice(ctx context.Context, in *ConfirmDeviceInput) (*ConfirmDeviceOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	v := in.DeviceSecretVerifierConfig
	if v == nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Missing required parameter DeviceSecretVerifierConfig")
	}
	ask, err := a.Pools.ConfirmDevice(fromCaller(ctx), u, userpool.NewDevice{Key: *in.DeviceKey, Name: awsapi.Value(in.DeviceName),
		Salt: awsapi.Value(v.Salt), Verifier: awsapi.Value(v.PasswordVerifier)})
	if err != nil {
		return nil, err
	}
	return &ConfirmDeviceOutput{UserConfirmationNecessary: &ask}, nil
}

// GetDevice reports a device of the user of an access token.
func (a *API) GetDevice(ctx context.Context, in *GetDeviceInput) (*GetDeviceOutput, error) {
	u, err := a.tokenUser(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	d, err := a.Pools.Device(ctx, u, *in.DeviceKey)
	if err != nil {
		return nil, err
	}
	return &GetDeviceOutput{Device: deviceOut(d)}, nil
}

// tokenUser is signedIn for operations whose model does not ask for the token that
// they need.
func (a *API) tokenUser(ctx context.Context, token *string) (*userpool.User, error) {
	if token == nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Missing required parameter AccessToken")
	}
	u, _, err := a.signedIn(ctx, token)
	return u, err
}

// ListDevices reports the devices of the user of an access token.
func (a *API) ListDevices(ctx context.Context, in *ListDevicesInput) (*ListDevicesOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	devices, next, err := a.Pools.Devices(ctx, u, awsapi.Value(in.PaginationToken), int(awsapi.Value(in.Limit)))
	if err != nil {
		return nil, err
	}
	out := &ListDevicesOutput{Devices: []DeviceType{}, PaginationToken: optional(next)}
	for _, d := range devices {
		out.Devices = append(out.Devices, *deviceOut(d))
	}
	return out, nil
}

// UpdateDeviceStatus says whether a device of the user of an access token is one to
// remember.
func (a *API) UpdateDeviceStatus(ctx context.Context, in *UpdateDeviceStatusInput) (*UpdateDeviceStatusOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &UpdateDeviceStatusOutput{}, a.remember(ctx, u, in.DeviceKey, in.DeviceRememberedStatus)
}

func (a *API) remember(ctx context.Context, u *userpool.User, key, status *string) error {
	if status == nil {
		return userpool.Fail(userpool.ErrInvalidParameter, "Missing required parameter DeviceRememberedStatus")
	}
	return a.Pools.RememberDevice(ctx, u, *key, *status == "remembered")
}

// ForgetDevice deletes a device of the user of an access token.
func (a *API) ForgetDevice(ctx context.Context, in *ForgetDeviceInput) (*ForgetDeviceOutput, error) {
	u, err := a.tokenUser(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &ForgetDeviceOutput{}, a.Pools.ForgetDevice(ctx, u, *in.DeviceKey)
}

// deviceOut is a device as its user sees it.
func deviceOut(d *userpool.Device) *DeviceType {
	attribute := func(name, value string) AttributeType { return AttributeType{Name: &name, Value: &value} }
	return &DeviceType{DeviceKey: &d.Key, DeviceCreateDate: stamp(d.Created), DeviceLastModifiedDate: stamp(d.Modified),
		DeviceLastAuthenticatedDate: stamp(d.Authenticated.Truncate(time.Second)),
		DeviceAttributes: []AttributeType{attribute("device_status", "valid"), attribute("device_name", d.Name),
			attribute("last_ip_used", d.IP)}}
}

// deviceConfigIn reads a pool's DeviceConfiguration: without one no device is known.
func deviceConfigIn(in *DeviceConfigurationType) userpool.DeviceRules {
	if in == nil {
		return userpool.DeviceRules{}
	}
	return userpool.DeviceRules{Track: true, Challenge: awsapi.Value(in.ChallengeRequiredOnNewDevice),
		OnPrompt: awsapi.Value(in.DeviceOnlyRememberedOnUserPrompt)}
}

func deviceConfigOut(r userpool.DeviceRules) *DeviceConfigurationType {
	if !r.Track {
		return nil
	}
	return &DeviceConfigurationType{ChallengeRequiredOnNewDevice: &r.Challenge, DeviceOnlyRememberedOnUserPrompt: &r.OnPrompt}
}
