package userpool

// A DeviceStore keeps remembered devices.
type DeviceStore interface{}
