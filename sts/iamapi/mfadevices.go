package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// MFA devices are made and taken away by operations of poolhouse's own. These tell
// of them.

// ListMFADevices serves the operation of that name.
func (a *API) ListMFADevices(ctx context.Context, in *ListMFADevicesInput) (*ListMFADevicesOutput, error) {
	user, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	list, err := a.STS.MFADevices(ctx, user)
	if err != nil {
		return nil, err
	}
	devices := make([]MFADevice, 0, len(list))
	for _, d := range list {
		devices = append(devices, MFADevice{UserName: &user, SerialNumber: awsapi.Ptr(d.Serial()), EnableDate: &d.Enabled})
	}
	out := &ListMFADevicesOutput{}
	out.MFADevices, out.IsTruncated, out.Marker, err =
		part(devices, func(d MFADevice) string { return *d.SerialNumber }, in.Marker, in.MaxItems)
	return out, err
}

// ListVirtualMFADevices serves the operation of that name. A device that was not
// enabled is told to nobody.
func (a *API) ListVirtualMFADevices(ctx context.Context, in *ListVirtualMFADevicesInput) (out *ListVirtualMFADevicesOutput, err error) {
	var devices []VirtualMFADevice
	for p, more := (sts.Page{}), awsapi.Value(in.AssignmentStatus) != "Unassigned"; more; more = p.After != "" {
		users, next, err := a.STS.Users(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			own, err := a.STS.MFADevices(ctx, u.Name)
			if err != nil {
				return nil, err
			}
			for _, d := range own {
				devices = append(devices, VirtualMFADevice{SerialNumber: awsapi.Ptr(d.Serial()), EnableDate: &d.Enabled, User: userOut(u)})
			}
		}
		p.After = next
	}
	out = &ListVirtualMFADevicesOutput{}
	out.VirtualMFADevices, out.IsTruncated, out.Marker, err =
		part(devices, func(d VirtualMFADevice) string { return *d.SerialNumber }, in.Marker, in.MaxItems)
	return out, err
}
