package cognitosync

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
)

// errNoDevice answers for a device that the identity has not registered.
var errNoDevice = dataset.Fail(dataset.ErrNotFound, "The device, the dataset or the subscription does not exist.")

// RegisterDevice keeps a device that changes can be pushed to.
func (a *API) RegisterDevice(ctx context.Context, in *RegisterDeviceInput) (*RegisterDeviceOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	id, err := a.Devices.Register(ctx, o, device.Platform(*in.Platform), *in.Token)
	if err != nil {
		return nil, err
	}
	return &RegisterDeviceOutput{DeviceId: awsapi.Ptr(string(id))}, nil
}

// SubscribeToDataset has the changes of a dataset pushed to a device.
func (a *API) SubscribeToDataset(ctx context.Context, in *SubscribeToDatasetInput) (*SubscribeToDatasetOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	if err := a.Devices.Subscribe(ctx, o, device.ID(*in.DeviceId), *in.DatasetName); err != nil {
		return nil, noDevice(err)
	}
	return &SubscribeToDatasetOutput{}, nil
}

// UnsubscribeFromDataset takes that back.
func (a *API) UnsubscribeFromDataset(ctx context.Context, in *UnsubscribeFromDatasetInput) (*UnsubscribeFromDatasetOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	if err := a.Devices.Unsubscribe(ctx, o, device.ID(*in.DeviceId), *in.DatasetName); err != nil {
		return nil, noDevice(err)
	}
	return &UnsubscribeFromDatasetOutput{}, nil
}

func noDevice(err error) error {
	if errors.Is(err, dataset.ErrNotFound) {
		return errNoDevice
	}
	return err
}
