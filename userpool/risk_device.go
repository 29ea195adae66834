package userpool

import "strings"

// maxAgent bounds what is read of a User-Agent, in bytes.
const maxAgent = 512

// A token of a User-Agent and what it stands for.
type agentToken struct{ token, name string }

// The more special ones come first: Edge says that it is Chrome, Chrome that it is
// Safari, Android that it is Linux, and an iPhone that it is like a Mac.
var (
	agentPrograms = []agentToken{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"aws-sdk-", "AWS SDK"}, {"Boto3/", "AWS SDK"}, {"okhttp/", "Android app"}, {"CFNetwork/", "Apple app"}}
	agentSystems = []agentToken{{"iPhone", "iOS"}, {"iPad", "iOS"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// deviceName names the program and the system of a User-Agent, without versions, so
// that an update is no new device: "Firefox, Windows". It is empty where nothing is
// known.
func deviceName(agent string) string {
	agent = agent[:min(len(agent), maxAgent)]
	find := func(list []agentToken) string {
		for _, t := range list {
			if strings.Contains(agent, t.token) {
				return t.name
			}
		}
		return ""
	}
	program, system := find(agentPrograms), find(agentSystems)
	if program == "" || system == "" {
		return program + system
	}
	return program + ", " + system
}
