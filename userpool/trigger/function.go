package trigger

import (
	"fmt"
	"net/url"
	"strings"
)

// A function is the ARN of one in parts.
type function struct {
	arn       string
	region    string
	name      string
	qualifier string // version or alias; may be empty
}

// parseFunction reads arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]. Pools
// take ARNs of other services too; what stands last is then the name.
func parseFunction(arn string) function {
	parts := strings.Split(arn, ":")
	f := function{arn: arn, name: parts[len(parts)-1]}
	if len(parts) > 3 {
		f.region = parts[3]
	}
	if len(parts) >= 7 && parts[5] == "function" {
		f.name, f.qualifier = parts[6], strings.Join(parts[7:], ":")
	}
	return f
}

// find looks the function up: by its ARN, that without the qualifier, its name.
func (f function) find(table map[string]string) (string, bool) {
	for _, key := range []string{f.arn, strings.TrimSuffix(f.arn, ":"+f.qualifier), f.name} {
		if address, ok := table[key]; ok {
			return address, true
		}
	}
	return "", false
}

// ParseTable reads entries like NAME=URL, where NAME is the name or the ARN of a
// function. Errors do not show the addresses, which may hold tokens.
func ParseTable(entries []string) (map[string]string, error) {
	table := map[string]string{}
	for _, e := range entries {
		name, address, ok := strings.Cut(e, "=")
		u, err := url.Parse(address)
		if !ok || name == "" || err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return nil, fmt.Errorf("%q: want NAME=URL with the name or ARN of a function", name)
		}
		if _, twice := table[name]; twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		table[name] = address
	}
	return table, nil
}
