package push

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/poolhouse/poolhouse/sync/device"
)

// publication returns the Publish call that tells a device silently.
func publication(d *device.Device, n *Notice) (url.Values, error) {
	payload, err := json.Marshal(payload(d.Platform, n))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]string{"default": source, string(d.Platform): string(payload)})
	if err != nil {
		return nil, err
	}
	form := url.Values{"Action": {"Publish"}, "TargetArn": {d.Endpoint}, "MessageStructure": {"json"}, "Message": {string(text)}}
	if d.Platform == device.APNS || d.Platform == device.APNSSandbox { // or iOS 13 and later drop it
		for i, a := range [][2]string{{"AWS.SNS.MOBILE.APNS.PUSH_TYPE", "background"}, {"AWS.SNS.MOBILE.APNS.PRIORITY", "5"}} {
			entry := fmt.Sprintf("MessageAttributes.entry.%d.", i+1)
			form.Set(entry+"Name", a[0])
			form.Set(entry+"Value.DataType", "String")
			form.Set(entry+"Value.StringValue", a[1])
		}
	}
	return form, nil
}

// payload returns what a platform hands to the app: on all of them the notice is
// under "data", where the libraries for Android and iOS look for it.
func payload(p device.Platform, n *Notice) map[string]any {
	out := map[string]any{"data": n}
	if p == device.APNS || p == device.APNSSandbox {
		out["aps"] = map[string]any{"content-available": 1}
	}
	return out
}
