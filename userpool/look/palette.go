package look

// A Palette is the colours of a page in one mode.
type Palette struct {
	Ground, Card, Line               Color // page, form, its edge
	Ink, Soft, Label, Hint           Color // texts
	Field, FieldLine                 Color
	Accent, OnAccent, Hover, OnHover Color // buttons
	Link, Focus                      Color
	Bad, BadGround, GoodGround       Color // messages
	OnGround, SoftOnGround, FieldInk Color // derived
	Glow                             Color // light behind the form; derived
	Banner                           Color // behind the logo, on classic pages
	shadow                           string
	given                            map[*role]bool
}

// light and dark are our own look. static/login.css has the same values.
func light() Palette {
	return Palette{Ground: mustColor("eef2f1"), Glow: mustColor("d9ebe7"), Card: white, Line: mustColor("c3cfcc"),
		Ink: mustColor("14211f"), Soft: mustColor("52625f"), Label: mustColor("14211f"), Hint: mustColor("52625f"),
		Field: white, FieldLine: mustColor("7c8b88"), Accent: mustColor("0f6b64"), OnAccent: white,
		Hover: mustColor("0b5650"), OnHover: white, Link: mustColor("0f6b64"), Focus: mustColor("0f6b64"),
		Bad: mustColor("a31621"), BadGround: mustColor("fdf0f0"), GoodGround: mustColor("e9f5f2"),
		shadow: "0 1px 2px rgb(16 40 36 / .06), 0 12px 40px -12px rgb(16 40 36 / .18)"}
}

func dark() Palette {
	return Palette{Ground: mustColor("0d1413"), Glow: mustColor("14302c"), Card: mustColor("16201f"), Line: mustColor("2c3b38"),
		Ink: mustColor("e8efed"), Soft: mustColor("a3b3b0"), Label: mustColor("e8efed"), Hint: mustColor("a3b3b0"),
		Field: mustColor("0f1817"), FieldLine: mustColor("6d7f7b"), Accent: mustColor("5fd0c2"), OnAccent: mustColor("06201d"),
		Hover: mustColor("86dfd4"), OnHover: mustColor("06201d"), Link: mustColor("5fd0c2"), Focus: mustColor("5fd0c2"),
		Bad: mustColor("ff9a9a"), BadGround: mustColor("2d1719"), GoodGround: mustColor("12302b"),
		shadow: "0 1px 2px rgb(0 0 0 / .4), 0 16px 48px -16px rgb(0 0 0 / .6)"}
}

// A role is a colour that settings can give: where it stands in them, with %s for
// the mode, and in a Palette.
type role struct {
	path  string
	color func(*Palette) *Color
}

var (
	roleGround    = &role{"components.pageBackground.%s.color", func(p *Palette) *Color { return &p.Ground }}
	roleCard      = &role{"components.form.%s.backgroundColor", func(p *Palette) *Color { return &p.Card }}
	roleAccent    = &role{"components.primaryButton.%s.defaults.backgroundColor", func(p *Palette) *Color { return &p.Accent }}
	roleHover     = &role{"components.primaryButton.%s.hover.backgroundColor", func(p *Palette) *Color { return &p.Hover }}
	roleLink      = &role{"componentClasses.link.%s.defaults.textColor", func(p *Palette) *Color { return &p.Link }}
	roleFocus     = &role{"componentClasses.focusState.%s.borderColor", func(p *Palette) *Color { return &p.Focus }}
	roleField     = &role{"componentClasses.input.%s.defaults.backgroundColor", func(p *Palette) *Color { return &p.Field }}
	roleLine      = &role{"components.form.%s.borderColor", func(p *Palette) *Color { return &p.Line }}
	roleFieldLine = &role{"componentClasses.input.%s.defaults.borderColor", func(p *Palette) *Color { return &p.FieldLine }}
)

var roles = []*role{
	roleGround, roleCard, roleAccent, roleHover, roleLink, roleFocus, roleField, roleLine, roleFieldLine,
	{"components.pageText.%s.headingColor", func(p *Palette) *Color { return &p.Ink }},
	{"components.pageText.%s.descriptionColor", func(p *Palette) *Color { return &p.Soft }},
	{"componentClasses.inputLabel.%s.textColor", func(p *Palette) *Color { return &p.Label }},
	{"componentClasses.inputDescription.%s.textColor", func(p *Palette) *Color { return &p.Hint }},
	{"components.primaryButton.%s.defaults.textColor", func(p *Palette) *Color { return &p.OnAccent }},
	{"components.primaryButton.%s.hover.textColor", func(p *Palette) *Color { return &p.OnHover }},
	{"components.alert.%s.error.borderColor", func(p *Palette) *Color { return &p.Bad }},
	{"components.alert.%s.error.backgroundColor", func(p *Palette) *Color { return &p.BadGround }},
}

func (p *Palette) set(r *role, c Color) {
	if p.given == nil {
		p.given = map[*role]bool{}
	}
	*r.color(p), p.given[r] = c, true
}

// give sets a colour by its place in the palette, as set does by its role.
func (p *Palette) give(place *Color, c Color) {
	*place = c
	for _, r := range roles {
		if r.color(p) == place {
			p.set(r, c)
		}
	}
}

// finish makes a palette whole: what was not given follows from what was, nothing
// is transparent, and every text can be read on its ground. base is what shines
// through a page.
func (p *Palette) finish(base Color) {
	p.Ground = p.Ground.over(base)
	p.Card = p.Card.over(p.Ground)
	for _, r := range roles {
		if c := r.color(p); r != roleGround && r != roleCard {
			*c = c.over(p.Card)
		}
	}
	if p.given[roleGround] {
		p.Glow = p.Ground
	}
	if p.given[roleCard] {
		p.followCard(base)
	}
	if p.given[roleAccent] {
		p.followAccent()
	}
	p.Banner = p.Banner.over(p.Ground)
	p.Ink, p.Soft = p.Ink.on(p.Card, textContrast), p.Soft.on(p.Card, textContrast)
	p.Label, p.Hint = p.Label.on(p.Card, textContrast), p.Hint.on(p.Card, textContrast)
	p.Link, p.Focus = p.Link.on(p.Card, textContrast), p.Focus.on(p.Card, edgeContrast)
	p.OnAccent, p.OnHover = p.OnAccent.strongOn(p.Accent), p.OnHover.strongOn(p.Hover)
	p.FieldInk = p.Ink.on(p.Field, textContrast)
	p.FieldLine = p.FieldLine.on(p.Card, edgeContrast)
	p.Bad = p.Bad.on(p.BadGround, textContrast)
	if Contrast(p.Ink, p.GoodGround) < textContrast {
		p.GoodGround = p.Card
	}
	p.OnGround, p.SoftOnGround = p.Ink.on(p.Ground, textContrast), p.Soft.on(p.Ground, textContrast)
	if p.Banner != p.Ground {
		p.OnGround = p.Ink.on(p.Banner, textContrast)
	}
}

// followCard gives fields and edges the tone of the form.
func (p *Palette) followCard(base Color) {
	for _, f := range []struct {
		role *role
		tone Color
	}{{roleField, p.Card.mix(base, 0.35)}, {roleLine, p.Card.mix(p.Ink, 0.15)}, {roleFieldLine, p.Card.mix(p.Ink, 0.5)}} {
		if !p.given[f.role] {
			*f.role.color(p) = f.tone
		}
	}
}

// followAccent gives what belongs to the accent its tone. One that is hardly seen
// on the form is for buttons alone.
func (p *Palette) followAccent() {
	tone := p.Accent
	if Contrast(tone, p.Card) < edgeContrast {
		tone = p.Ink
	}
	for _, f := range []struct {
		role *role
		tone Color
	}{{roleHover, p.Accent.mix(p.Ink, 0.15)}, {roleLink, tone}, {roleFocus, tone}} {
		if !p.given[f.role] {
			*f.role.color(p) = f.tone
		}
	}
	p.GoodGround = p.Card.mix(p.Accent, 0.08)
}
