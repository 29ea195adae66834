package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"github.com/poolhouse/poolhouse/server"
)

// resolver fills in the flags that the command line leaves out: from the
// environment as POOLHOUSE_<FLAG>, then from the file of --config.
func resolver(getenv func(string) string, settings map[string]any) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if v := getenv("POOLHOUSE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))); v != "" {
			return v, nil
		}
		if v, ok := settings[flag.Name]; ok {
			return v, nil
		}
		return nil, nil // the flag's default
	})
}

// fileSettings reads the file that --config or POOLHOUSE_CONFIG names. An unknown
// key in it is an error that names the key.
func fileSettings(getenv func(string) string, args []string) (map[string]any, error) {
	name := configFlag(args)
	if name == "" && len(args) > 0 && (args[0] == "serve" || args[0] == "doctor") { // the other commands have no such flag
		name = getenv("POOLHOUSE_CONFIG")
	}
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	known := yaml.NewDecoder(bytes.NewReader(text))
	known.KnownFields(true)
	if err := known.Decode(new(server.Config)); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var settings map[string]any
	if err := yaml.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for key, value := range settings {
		if list, ok := value.([]any); ok {
			settings[key] = joined(list)
		}
	}
	return settings, nil
}

// joined writes a list as a flag takes it.
func joined(list []any) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, ",")
}

func configFlag(args []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
