package cognitoidp

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// AdminGetDevice reports a device of a user.
func (a *API) AdminGetDevice(ctx context.Context, in *AdminGetDeviceInput) (*AdminGetDeviceOutput, error) {
	u, err := a.deviceUser(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	d, err := a.Pools.Device(ctx, u, *in.DeviceKey)
	if err != nil {
		return nil, err
	}
	return &AdminGetDeviceOutput{Device: a.adminDeviceOut(u, d)}, nil
}

// deviceUser finds the user whose devices an administrator reads. The model of
// these operations has no error of its own for a user that there is not.
func (a *API) deviceUser(ctx context.Context, id, name *string) (*userpool.User, error) {
	u, err := a.Pools.User(ctx, pool(id), *name)
	if errors.Is(err, userpool.ErrUserNotFound) {
		return nil, userpool.Fail(userpool.ErrNotFound, "User does not exist.")
	}
	return u, err
}

// AdminListDevices reports the devices of a user.
func (a *API) AdminListDevices(ctx context.Context, in *AdminListDevicesInput) (*AdminListDevicesOutput, error) {
	u, err := a.deviceUser(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	devices, next, err := a.Pools.Devices(ctx, u, awsapi.Value(in.PaginationToken), int(awsapi.Value(in.Limit)))
	if err != nil {
		return nil, err
	}
	out := &AdminListDevicesOutput{Devices: []DeviceType{}, PaginationToken: optional(next)}
	for _, d := range devices {
		out.Devices = append(out.Devices, *a.adminDeviceOut(u, d))
	}
	return out, nil
}

// AdminUpdateDeviceStatus says whether a device of a user is one to remember.
func (a *API) AdminUpdateDeviceStatus(ctx context.Context, in *AdminUpdateDeviceStatusInput) (*AdminUpdateDeviceStatusOutput, error) {
	u, err := a.Pools.User(ctx, pool(in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	return &AdminUpdateDeviceStatusOutput{}, a.remember(ctx, u, in.DeviceKey, in.DeviceRememberedStatus)
}

// AdminForgetDevice deletes a device of a user.
func (a *API) AdminForgetDevice(ctx context.Context, in *AdminForgetDeviceInput) (*AdminForgetDeviceOutput, error) {
	u, err := a.Pools.User(ctx, pool(in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	return &AdminForgetDeviceOutput{}, a.Pools.ForgetDevice(ctx, u, *in.DeviceKey)
}

// adminDeviceOut is a device as an administrator sees it.
func (a *API) adminDeviceOut(u *userpool.User, d *userpool.Device) *DeviceType {
	out := deviceOut(d)
	status := "not_remembered"
	if d.Remembered {
		status = "remembered"
	}
	for _, v := range [][2]string{{"dev:device_arn", a.Pools.DeviceARN(u, d)}, {"dev:device_owner", userpool.DeviceOwner(u)},
		{"dev:device_remembered_status", status}, {"dev:device_sdk", d.SDK}} {
		out.DeviceAttributes = append(out.DeviceAttributes, AttributeType{Name: &v[0], Value: &v[1]})
	}
	return out
}
