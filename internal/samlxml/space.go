package samlxml

import (
	"bytes"
	"encoding/xml"
)

// spaced returns a start tag as its source means it. In the value of an attribute a
// line break or a tab stands for a space, unless it is written as a character
// reference (XML 1.0, 3.3.3). encoding/xml keeps both, and after it nobody can tell
// one from the other, so that what others signed would not verify here.
func spaced(tag xml.StartElement, source []byte) (xml.Token, error) {
	if !bytes.ContainsAny(source, "\t\n\r") {
		return tag, nil
	}
	return xml.NewDecoder(bytes.NewReader(inQuotes(source))).RawToken()
}

// inQuotes puts a space for the white space that a start tag has in quotes. A line
// may end in CR LF, which is one character.
func inQuotes(source []byte) []byte {
	out := make([]byte, 0, len(source))
	var quote byte // that is open
	for i, c := range source {
		switch {
		case quote == 0:
			if c == '"' || c == '\'' {
				quote = c
			}
		case c == quote:
			quote = 0
		case c == '\n' && source[i-1] == '\r':
			continue
		case c == '\t' || c == '\n' || c == '\r':
			c = ' '
		}
		out = append(out, c)
	}
	return out
}
