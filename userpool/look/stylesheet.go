package look

import (
	"fmt"
	"strconv"
	"strings"
)

// Images are the addresses of what a style sheet shows. They are ours: nothing
// in them needs escaping.
type Images struct{ Background, BackgroundDark string }

// Stylesheet writes the theme as a sheet that comes after static/login.css: its
// custom properties, and what they cannot say.
func (t *Theme) Stylesheet(images Images) string {
	var b strings.Builder
	first, scheme := &t.Light, "light dark"
	switch t.Mode {
	case Light:
		scheme = "light"
	case Dark:
		first, scheme = &t.Dark, "dark"
	}
	b.WriteString(":root{color-scheme:" + scheme + ";" + first.properties() + t.Radius.properties() + "}\n")
	if t.Mode != Dynamic {
		// Over the dark half of login.css, which follows the device.
		b.WriteString("@media (prefers-color-scheme:dark){:root{" + first.properties() + "}}\n")
	} else {
		b.WriteString("@media (prefers-color-scheme:dark){:root{" + t.Dark.properties() + "}}\n")
	}
	t.writePlace(&b)
	t.writeBackground(&b, images)
	for _, r := range t.rules {
		b.WriteString(r.selector + "{" + strings.Join(r.declarations, ";") + "}\n")
	}
	return b.String()
}

func (p *Palette) properties() string {
	var b strings.Builder
	for _, v := range []struct {
		name  string
		color Color
	}{
		{"ground", p.Ground}, {"glow", p.Glow}, {"card", p.Card}, {"line", p.Line}, {"ink", p.Ink}, {"soft", p.Soft},
		{"label", p.Label}, {"hint", p.Hint}, {"field", p.Field}, {"field-ink", p.FieldInk}, {"field-line", p.FieldLine},
		{"accent", p.Accent}, {"on-accent", p.OnAccent}, {"accent-hover", p.Hover}, {"on-accent-hover", p.OnHover},
		{"link", p.Link}, {"focus", p.Focus}, {"bad", p.Bad}, {"bad-ground", p.BadGround}, {"good-ground", p.GoodGround},
		{"on-ground", p.OnGround}, {"soft-on-ground", p.SoftOnGround},
	} {
		b.WriteString("--" + v.name + ":" + v.color.String() + ";")
	}
	b.WriteString("--shadow:" + p.shadow + ";")
	if p.Banner != p.Ground {
		b.WriteString("--banner:" + p.Banner.String() + ";")
	}
	return b.String()
}

func (r Radii) properties() string {
	var b strings.Builder
	for _, v := range []struct {
		name   string
		radius float64
	}{{"card", r.Card}, {"button", r.Button}, {"field", r.Field}} {
		if v.radius >= 0 {
			b.WriteString("--radius-" + v.name + ":" + strconv.FormatFloat(v.radius, 'f', -1, 64) + "px;")
		}
	}
	return b.String()
}

func (t *Theme) writePlace(b *strings.Builder) {
	if place := map[string]string{"START": "flex-start", "END": "flex-end"}[t.Place]; place != "" {
		fmt.Fprintf(b, "@media (min-width:52rem){body{align-items:%s;padding-inline:clamp(2rem,8vw,8rem)}}\n", place)
	}
}

// writeBackground shows an image behind the page. What stands on the page itself
// gets a ground of its own, for nobody knows what the image is like there.
func (t *Theme) writeBackground(b *strings.Builder, images Images) {
	if !t.Background || images.Background == "" && images.BackgroundDark == "" {
		return
	}
	first, second := images.Background, images.BackgroundDark
	if first == "" || t.Mode == Dark && second != "" {
		first = second
	}
	const body = `body{background:var(--ground) url("%s") center/cover no-repeat fixed}`
	fmt.Fprintf(b, body+"\n", first)
	if t.Mode == Dynamic && second != "" && second != first {
		fmt.Fprintf(b, "@media (prefers-color-scheme:dark){"+body+"}\n", second)
	}
	b.WriteString("body::before{content:none}.brand,footer{background:var(--card);padding:.375rem .875rem;border-radius:var(--radius-button,.625rem)}" +
		".brand{color:var(--ink)}footer{color:var(--soft);margin-block-start:1.5rem}\n")
}
