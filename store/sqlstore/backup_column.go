package sqlstore

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// A columnForm is what a column holds, and so how it stands in JSON.
type columnForm int

const (
	asText   columnForm = iota // a string
	asNumber                   // an integer
	asFlag                     // true or false
	asBlob                     // base64
	asDoc                      // JSON, as it is
)

// A backupColumn is a column of an export. What a sealed one holds is opened.
type backupColumn struct {
	name string
	form columnForm
	// place and bound are what a sealed value is bound to: a constant, and columns
	// of its row. Both are empty where nothing is sealed.
	place string
	bound []string
}

func columns(form columnForm, names []string) (out []backupColumn) {
	for _, name := range names {
		out = append(out, backupColumn{name: name, form: form})
	}
	return out
}

func texts(names ...string) []backupColumn   { return columns(asText, names) }
func numbers(names ...string) []backupColumn { return columns(asNumber, names) }
func flags(names ...string) []backupColumn   { return columns(asFlag, names) }
func blobs(names ...string) []backupColumn   { return columns(asBlob, names) }
func docs(names ...string) []backupColumn    { return columns(asDoc, names) }

// sealed marks columns whose opened content has the given form.
func sealed(of []backupColumn, place string, bound ...string) []backupColumn {
	for i := range of {
		of[i].place, of[i].bound = place, bound
	}
	return of
}

func (c backupColumn) sealed() bool { return c.place != "" }

// aad returns what a value is bound to, in the row whose texts value returns.
func (c backupColumn) aad(value func(column string) (string, error)) (string, error) {
	parts := []string{c.place}
	for _, name := range c.bound {
		text, err := value(name)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "/"), nil
}

// target returns what the column is scanned into.
func (c backupColumn) target() any {
	switch {
	case c.sealed() || c.form == asBlob:
		return new([]byte)
	case c.form == asNumber:
		return new(sql.NullInt64)
	case c.form == asFlag:
		return new(sql.NullBool)
	}
	return new(sql.NullString)
}

// toJSON returns a scanned value as JSON on one line.
func (c backupColumn) toJSON(scanned any) ([]byte, error) {
	switch v := scanned.(type) {
	case *sql.NullInt64:
		if v.Valid {
			return json.Marshal(v.Int64)
		}
	case *sql.NullBool:
		if v.Valid {
			return json.Marshal(v.Bool)
		}
	case *sql.NullString:
		if v.Valid {
			return c.plainToJSON([]byte(v.String))
		}
	case *[]byte:
		return c.plainToJSON(*v)
	}
	return []byte("null"), nil
}

// plainToJSON returns text, bytes or a document, opened if it was sealed. An
// empty document, where nothing was sealed, is an empty string.
func (c backupColumn) plainToJSON(plain []byte) ([]byte, error) {
	switch {
	case c.form == asBlob:
		return json.Marshal(append([]byte{}, plain...))
	case c.form == asDoc && len(plain) > 0:
		var out bytes.Buffer
		err := json.Compact(&out, plain)
		return out.Bytes(), err
	case !utf8.Valid(plain):
		return nil, errors.New("a text that is not UTF-8")
	}
	return json.Marshal(string(plain))
}

// errNull marks a value that is absent where the column may have none.
var errNull = errors.New("null")

// fromJSON returns the value of a column that is not sealed.
func (c backupColumn) fromJSON(raw json.RawMessage) (any, error) {
	switch c.form {
	case asNumber:
		return jsonAs[*int64](raw)
	case asFlag:
		return jsonAs[*bool](raw)
	}
	plain, err := c.plainFromJSON(raw)
	switch {
	case errors.Is(err, errNull):
		return nil, nil
	case c.form == asBlob:
		return plain, err
	}
	return string(plain), err
}

// plainFromJSON is the inverse of plainToJSON, or errNull.
func (c backupColumn) plainFromJSON(raw json.RawMessage) ([]byte, error) {
	if c.form == asDoc && string(raw) != `""` {
		return raw, nil
	}
	if string(raw) == "null" {
		return nil, errNull
	}
	if c.form == asBlob {
		return jsonAs[[]byte](raw)
	}
	text, err := jsonAs[string](raw)
	return []byte(text), err
}

func jsonAs[T any](raw json.RawMessage) (v T, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}
