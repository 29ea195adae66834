package userpool

import "testing"

func TestDeviceName(t *testing.T) {
	for agent, want := range map[string]string{
		"": "", "curl/8.5.0": "",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                                   "Chrome, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0":               "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari, iOS",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36":                                "Chrome, Android",
		"Boto3/1.40.1 md/Botocore#1.40.1": "AWS SDK",
	} {
		if got := deviceName(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
