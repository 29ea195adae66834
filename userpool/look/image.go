package look

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// Types are the kinds of image that pages show, as their file names end, and the
// content type of each.
var Types = map[string]string{"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "ico": "image/x-icon", "svg": "image/svg+xml"}

// TypeOf says what kind of image a body is, empty for none.
func TypeOf(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(body, []byte("\xff\xd8\xff")):
		return "jpeg"
	case len(body) > 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		return "webp"
	case bytes.HasPrefix(body, []byte("\x00\x00\x01\x00")):
		return "ico"
	case checkSVG(body) == nil:
		return "svg"
	}
	return ""
}

// CheckImage refuses a body that is not an image of the type, and a drawing that
// does more than draw. An error is a Problem.
func CheckImage(kind string, body []byte) error {
	if kind == "svg" {
		return checkSVG(body)
	}
	if TypeOf(body) != kind {
		return problem("The image is no %s.", strings.ToUpper(kind))
	}
	return nil
}

// drawing are the elements that an SVG image may have.
var drawing = strings.Fields("svg g defs symbol use title desc metadata style path rect circle ellipse line polyline polygon text tspan textPath " +
	"linearGradient radialGradient stop clipPath mask pattern marker image switch view filter feBlend feColorMatrix feComponentTransfer " +
	"feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR " +
	"feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence")

const maxSVGDepth = 64

// checkSVG refuses scripts, other documents, and whatever is loaded from
// elsewhere. Metadata of drawing programs may have elements of their own.
func checkSVG(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = true
	depth, seen, style, foreign := 0, false, false, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !seen || depth != 0 {
				return problem("The image is no SVG.")
			}
			return nil
		}
		if err != nil {
			return problem("The image is no SVG that can be read.")
		}
		switch token := token.(type) {
		case xml.Directive:
			if !strings.HasPrefix(string(token), "DOCTYPE svg PUBLIC") || strings.Contains(string(token), "[") {
				return problem("The SVG image must not declare a document type of its own.")
			}
		case xml.ProcInst:
			if token.Target != "xml" {
				return problem("The SVG image must not have processing instructions.")
			}
		case xml.StartElement:
			if depth++; depth > maxSVGDepth {
				return problem("The SVG image is nested too deeply.")
			}
			if !seen && token.Name.Local != "svg" {
				return problem("The image is no SVG.")
			}
			seen = true
			if foreign > 0 || token.Name.Local == "metadata" {
				foreign++
			}
			if err := checkElement(token, foreign > 1); err != nil {
				return err
			}
			style = token.Name.Local == "style"
		case xml.EndElement:
			depth--
			foreign = max(0, foreign-1)
			style = false
		case xml.CharData:
			if style && loads(string(token)) {
				return problem("The style of the SVG image must not load anything.")
			}
		}
	}
}

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xhtmlSpace = "http://www.w3.org/1999/xhtml"
)

func checkElement(e xml.StartElement, metadata bool) error {
	plain := e.Name.Space == svgSpace || e.Name.Space == "" || e.Name.Space == xhtmlSpace
	if plain && (metadata || !slices.Contains(drawing, e.Name.Local)) {
		return problem("The SVG image must not have <%s>.", e.Name.Local)
	}
	for _, a := range e.Attr {
		name := strings.ToLower(a.Name.Local)
		switch {
		case strings.HasPrefix(name, "on"):
			return problem("The SVG image must not have the attribute %s.", a.Name.Local)
		case name == "href" || name == "src":
			if v := strings.ToLower(strings.TrimSpace(a.Value)); !strings.HasPrefix(v, "#") && !isRaster(v) {
				return problem("The SVG image must not link to anything but itself.")
			}
		case a.Name.Space != "xmlns" && name != "xmlns" && loads(a.Value):
			return problem("The attribute %s of the SVG image must not load anything.", a.Name.Local)
		}
	}
	return nil
}

// isRaster accepts images within the file that cannot hold scripts.
func isRaster(value string) bool {
	for _, kind := range []string{"png", "jpeg", "jpg", "webp", "gif"} {
		if strings.HasPrefix(value, "data:image/"+kind+";base64,") {
			return true
		}
	}
	return false
}

// loads reports whether a style, or an attribute with one, reaches beyond the
// file: url(#gradient) does not.
func loads(style string) bool {
	s := strings.ToLower(style)
	if strings.Contains(s, `\`) || strings.Contains(s, "@import") || strings.Contains(s, "javascript:") || strings.Contains(s, "expression(") {
		return true
	}
	for {
		_, rest, found := strings.Cut(s, "url(")
		if !found {
			return false
		}
		if inner := strings.TrimLeft(rest, " \t\r\n'\""); !strings.HasPrefix(inner, "#") {
			return true
		}
		s = rest
	}
}
