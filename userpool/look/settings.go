package look

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The modes of colour.
const (
	Light   = "LIGHT"
	Dark    = "DARK"
	Dynamic = "DYNAMIC" // as the visitor's device
)

// A Theme is a look, ready to be written.
type Theme struct {
	Mode        string
	Light, Dark Palette
	Place       string // of the form: START, CENTER, END
	Radius      Radii
	// What is shown of the images that there are.
	Logo, Background bool
	rules            []rule // of a classic style sheet
}

// Radii of corners, in pixels; negative means ours.
type Radii struct{ Card, Button, Field float64 }

// Default is our own look.
func Default() *Theme {
	return &Theme{Mode: Dynamic, Light: light(), Dark: dark(), Place: "CENTER", Radius: Radii{-1, -1, -1}, Logo: true, Background: true}
}

const (
	maxSettings = 128 << 10 // bytes
	maxDepth    = 12
	maxRadius   = 100 // pixels
)

// ParseSettings reads the settings document of managed login. What it says beyond
// colours, corners, the place of the form and which images are shown is stored by
// others, and has no effect here. An error is a Problem that names the member.
func ParseSettings(raw []byte) (*Theme, error) {
	t := Default()
	if len(raw) == 0 {
		t.finish()
		return t, nil
	}
	doc, err := document(raw)
	if err != nil {
		return nil, err
	}
	if err := checkSettings("Settings", doc, 0); err != nil {
		return nil, err
	}
	for _, r := range roles {
		for mode, p := range map[string]*Palette{"lightMode": &t.Light, "darkMode": &t.Dark} {
			if text, ok := at(doc, fmt.Sprintf(r.path, mode)).(string); ok {
				c, _ := ParseColor(text) // checkSettings looked at it
				p.set(r, c)
			}
		}
	}
	if mode, ok := at(doc, "categories.global.colorSchemeMode").(string); ok {
		t.Mode = mode
	}
	if place, ok := at(doc, "categories.form.location.horizontal").(string); ok {
		t.Place = place
	}
	for path, radius := range map[string]*float64{"components.form.borderRadius": &t.Radius.Card,
		"componentClasses.buttons.borderRadius": &t.Radius.Button, "componentClasses.input.borderRadius": &t.Radius.Field} {
		if n, ok := at(doc, path).(float64); ok {
			*radius = n
		}
	}
	t.Logo = at(doc, "components.form.logo.enabled") != false || at(doc, "components.pageHeader.logo.enabled") == true
	t.Background = at(doc, "components.pageBackground.image.enabled") != false
	t.finish()
	return t, nil
}

func document(raw []byte) (map[string]any, error) {
	if len(raw) > maxSettings {
		return nil, problem("Settings must have at most %d bytes.", maxSettings)
	}
	var doc map[string]any
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&doc); err != nil || doc == nil {
		return nil, problem("Settings must be a JSON object.")
	}
	return doc, nil
}

func (t *Theme) finish() {
	t.Light.finish(white)
	t.Dark.finish(black)
}

// at returns the member at a dotted path, or nil.
func at(doc map[string]any, path string) any {
	var v any = doc
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// words are the members that are one of a few words.
var words = map[string][]string{
	"colorSchemeMode": {Light, Dark, Dynamic},
	"horizontal":      {"START", "CENTER", "END"},
	"vertical":        {"START", "CENTER", "END"},
}

// checkSettings refuses values that no page could show.
func checkSettings(path string, v any, depth int) error {
	if depth > maxDepth {
		return problem("Settings are nested too deeply.")
	}
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			if err := checkMember(path+"."+name, name, child); err != nil {
				return err
			}
			if err := checkSettings(path+"."+name, child, depth+1); err != nil {
				return err
			}
		}
	case []any:
		for i, child := range v {
			if err := checkSettings(fmt.Sprintf("%s[%d]", path, i), child, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkMember(path, name string, v any) error {
	switch {
	case strings.HasSuffix(name, "Color") || name == "color":
		text, ok := v.(string)
		if _, valid := ParseColor(text); !ok || !valid || len(text) < 6 {
			return problem("%s must be a colour in hexadecimal, RRGGBBAA.", path)
		}
	case name == "borderRadius":
		if n, ok := v.(float64); !ok || n < 0 || n > maxRadius {
			return problem("%s must be a number from 0 to %d.", path, maxRadius)
		}
	case name == "enabled":
		if _, ok := v.(bool); !ok {
			return problem("%s must be true or false.", path)
		}
	case words[name] != nil:
		if text, ok := v.(string); !ok || !slices.Contains(words[name], text) {
			return problem("%s must be one of %s.", path, strings.Join(words[name], ", "))
		}
	}
	return nil
}

// Merged returns the settings with our own values where they say nothing.
func Merged(raw []byte) (json.RawMessage, error) {
	doc := map[string]any{}
	if len(raw) > 0 {
		var err error
		if doc, err = document(raw); err != nil {
			return nil, err
		}
	}
	ours := Default()
	for _, r := range roles {
		fill(doc, fmt.Sprintf(r.path, "lightMode"), r.color(&ours.Light).document())
		fill(doc, fmt.Sprintf(r.path, "darkMode"), r.color(&ours.Dark).document())
	}
	fill(doc, "categories.global.colorSchemeMode", ours.Mode)
	fill(doc, "categories.form.location.horizontal", ours.Place)
	fill(doc, "components.form.borderRadius", 20.0)
	fill(doc, "componentClasses.buttons.borderRadius", 12.0)
	fill(doc, "componentClasses.input.borderRadius", 12.0)
	fill(doc, "components.form.logo.enabled", true)
	fill(doc, "components.pageBackground.image.enabled", true)
	return json.Marshal(doc)
}

// fill sets a member that is absent.
func fill(doc map[string]any, path string, v any) {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		child, ok := doc[name].(map[string]any)
		if !ok {
			if doc[name] != nil {
				return // something else stands there
			}
			child = map[string]any{}
			doc[name] = child
		}
		doc = child
	}
	if last := names[len(names)-1]; doc[last] == nil {
		doc[last] = v
	}
}
