package cognitoidp

import "testing"

func TestSDKOf(t *testing.T) {
	for agent, want := range map[string]string{
		"aws-sdk-js/3.658.1 ua/2.0 os/linux": "aws-sdk-js-3.658.1",
		"aws-sdk-go-v2/1.30.3":               "aws-sdk-go-v2-1.30.3",
		"Mozilla/5.0 (X11)":                  "",
		"aws-sdk-js":                         "",
		"":                                   "",
	} {
		if got := sdkOf(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
