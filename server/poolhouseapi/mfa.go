package poolhouseapi

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/totp"
)

var errNoPrincipal = errors.New("poolhouseapi: the caller was not resolved by package stsapi")

// CreateMfaDevice makes a device for an IAM user and shows its secret, this once.
func (a *API) CreateMfaDevice(ctx context.Context, in *CreateMfaDeviceInput) (*CreateMfaDeviceOutput, error) {
	name := awsapi.Value(in.DeviceName)
	if name == "" {
		name = *in.UserName
	}
	d, err := a.STS.CreateMFADevice(ctx, *in.UserName, name)
	if err != nil {
		return nil, err
	}
	address := d.Address()
	image, err := totp.Image(address)
	if err != nil {
		return nil, err
	}
	return &CreateMfaDeviceOutput{SerialNumber: awsapi.Ptr(d.Serial()), SecretCode: awsapi.Ptr(totp.Text(d.Secret)), Address: &address, QrCode: image}, nil
}

// EnableMfaDevice makes the device count, once two of its codes were seen.
func (a *API) EnableMfaDevice(ctx context.Context, in *EnableMfaDeviceInput) (*EnableMfaDeviceOutput, error) {
	return &EnableMfaDeviceOutput{}, a.STS.EnableMFADevice(ctx, *in.UserName, *in.SerialNumber, *in.FirstCode, *in.SecondCode)
}

// ListMfaDevices lists the devices of an IAM user that count.
func (a *API) ListMfaDevices(ctx context.Context, in *ListMfaDevicesInput) (*ListMfaDevicesOutput, error) {
	devices, err := a.STS.MFADevices(ctx, *in.UserName)
	if err != nil {
		return nil, err
	}
	out := &ListMfaDevicesOutput{Devices: []MfaDeviceType{}}
	for _, d := range devices {
		out.Devices = append(out.Devices, MfaDeviceType{SerialNumber: awsapi.Ptr(d.Serial()), UserName: in.UserName, EnableDate: &d.Enabled})
	}
	return out, nil
}

// DeleteMfaDevice takes a device away from an IAM user.
func (a *API) DeleteMfaDevice(ctx context.Context, in *DeleteMfaDeviceInput) (*DeleteMfaDeviceOutput, error) {
	return &DeleteMfaDeviceOutput{}, a.STS.DeleteMFADevice(ctx, *in.UserName, *in.SerialNumber)
}

// seconds turns a count into a duration; absent is 0.
func seconds(n *int32) time.Duration { return time.Duration(awsapi.Value(n)) * time.Second }
