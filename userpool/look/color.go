package look

import (
	"encoding/hex"
	"math"
	"strings"
)

// A Color is an opaque or partly transparent colour of sRGB.
type Color struct{ R, G, B, A uint8 }

// ParseColor reads RGB, RRGGBB or RRGGBBAA in hexadecimal, with or without "#".
func ParseColor(text string) (Color, bool) {
	digits := strings.TrimPrefix(text, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	if len(digits) == 6 {
		digits += "ff"
	}
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != 4 {
		return Color{}, false
	}
	return Color{raw[0], raw[1], raw[2], raw[3]}, true
}

// mustColor is for the constants of this package.
func mustColor(text string) Color {
	c, ok := ParseColor(text)
	if !ok {
		panic("look: " + text)
	}
	return c
}

// String is the colour as CSS writes it, without its transparency: over has been
// applied before anything is written.
func (c Color) String() string { return "#" + hex.EncodeToString([]byte{c.R, c.G, c.B}) }

// document is the colour as the settings of managed login write it.
func (c Color) document() string { return hex.EncodeToString([]byte{c.R, c.G, c.B, c.A}) }

var (
	white = Color{255, 255, 255, 255}
	black = Color{0, 0, 0, 255}
)

// mix returns c with a share of other in it, from 0 to 1.
func (c Color) mix(other Color, share float64) Color {
	blend := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-share) + float64(b)*share)) }
	return Color{blend(c.R, other.R), blend(c.G, other.G), blend(c.B, other.B), 255}
}

// over returns c as it is seen on a ground.
func (c Color) over(ground Color) Color { return ground.mix(c, float64(c.A)/255) }

// luminance is the relative luminance of WCAG 2.2.
func (c Color) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func Contrast(a, b Color) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// The contrasts that WCAG 2.2 AA asks for: 1.4.3 for text, 1.4.11 for the edges of
// what can be used.
const (
	textContrast = 4.5
	edgeContrast = 3.0
)

// strongOn returns c, or where it cannot be read on a ground black or white: what
// is in between looks switched off on a button.
func (c Color) strongOn(ground Color) Color {
	switch {
	case Contrast(c, ground) >= textContrast:
		return c
	case Contrast(white, ground) > Contrast(black, ground):
		return white
	}
	return black
}

// on returns c, or where it has too little contrast on a ground the nearest tone
// towards black or white that has enough.
func (c Color) on(ground Color, enough float64) Color {
	end := black
	if Contrast(white, ground) > Contrast(black, ground) {
		end = white
	}
	for step := 0.0; step < 1; step += 0.05 {
		if tone := c.mix(end, step); Contrast(tone, ground) >= enough {
			return tone
		}
	}
	return end
}
