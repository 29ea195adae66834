// Package jsonlimit judges JSON that strangers sent before anything decodes it: how
// long and deep it is, and that no object has a member twice, of which two readers
// could each see another one.
package jsonlimit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// ErrRefused is what every refusal is.
var ErrRefused = errors.New("jsonlimit: the JSON is refused")

// A Limit bounds a document.
type Limit struct {
	Bytes int
	Depth int // of objects and arrays in one another
}

// Check refuses what is no JSON, or beyond the limit.
func (l Limit) Check(raw []byte) error {
	if len(raw) > l.Bytes || !utf8.Valid(raw) {
		return ErrRefused
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := l.value(d, l.Depth); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ErrRefused
	}
	return nil
}

func (l Limit) value(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return ErrRefused
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == 0 {
		return ErrRefused
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil || seen[name.(string)] {
				return ErrRefused
			}
			seen[name.(string)] = true
		}
		if err := l.value(d, depth-1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the end of it
		return ErrRefused
	}
	return nil
}
