package awsapi

import "testing"

func TestEndpointRegion(t *testing.T) {
	for host, want := range map[string]struct {
		region string
		global bool
	}{
		"sts.amazonaws.com":                 {"us-east-1", true},
		"STS.amazonaws.com:443":             {"us-east-1", true},
		"sts.eu-west-1.amazonaws.com":       {"eu-west-1", false},
		"sts-fips.us-east-2.amazonaws.com":  {"us-east-2", false},
		"sts.ap-south-1.api.aws":            {"ap-south-1", false},
		"sts.a.b.amazonaws.com":             {"", false},
		"sts.a_b\"c.amazonaws.com":          {"", false},
		"sts..amazonaws.com":                {"", false},
		"127.0.0.1:8080":                    {"", false},
		"[::1]:8080":                        {"", false},
		"sts.eu-west-1.example.com":         {"", false},
		"sts.eu-west-1.amazonaws.com.evil.": {"", false},
	} {
		if region, global := endpointRegion(host); region != want.region || global != want.global {
			t.Errorf("%s: %q %t", host, region, global)
		}
	}
}
