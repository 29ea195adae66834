package awsapi

import (
	"reflect"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/redact"
)

// Bounds of what is recorded of one value.
const (
	maxRecordedText = 1024 // characters
	maxRecordedList = 50   // members
)

// A recorder turns inputs and outputs into maps, lists and scalars for the audit
// log, with redact.Hidden in place of what is secret: shapes that the model calls
// sensitive, texts whose names say so, blobs and free-form documents.
type recorder struct {
	names bool // user names are shown: they belong to somebody
}

func (r recorder) value(n *node, v reflect.Value) any {
	if n.shape.Sensitive {
		return redact.Hidden
	}
	switch n.shape.Kind {
	case models.Structure:
		return r.structure(n, v)
	case models.List:
		out := make([]any, min(v.Len(), maxRecordedList))
		for i := range out {
			out[i] = r.value(n.elem, v.Index(i))
		}
		return out
	case models.Map:
		return r.mapping(n, v, false)
	case models.Blob, models.Document:
		return redact.Hidden
	case models.String:
		return clipRunes(v.String(), maxRecordedText)
	case models.Timestamp:
		return v.Interface().(time.Time).UTC().Format(time.RFC3339)
	}
	return v.Interface()
}

func (r recorder) structure(n *node, v reflect.Value) map[string]any {
	out := make(map[string]any, len(n.fields))
	for i := range n.fields {
		f := &n.fields[i]
		if fv, ok := f.value(v); ok {
			out[f.path] = r.member(f, fv)
		}
	}
	return out
}

// member hides a secret. Of a map of secrets the keys stay: with which provider
// somebody signed in is worth knowing, the token is not.
func (r recorder) member(f *field, v reflect.Value) any {
	switch {
	case f.end:
		return v.Interface().(time.Time).UTC().Format("Jan 2, 2006, 3:04:05 PM") // as CloudTrail writes it there
	case f.user && r.names:
		return clipRunes(v.String(), maxRecordedText)
	case f.open && f.node.shape.Kind == models.String:
		return clipRunes(v.String(), maxRecordedText)
	case f.secret && f.node.shape.Kind == models.Map && !f.node.shape.Sensitive:
		return r.mapping(f.node, v, true)
	case f.secret && f.node.isText():
		return redact.Hidden
	}
	return r.value(f.node, v)
}

func (r recorder) mapping(n *node, v reflect.Value, secret bool) any {
	if n.key.shape.Sensitive {
		return redact.Hidden
	}
	out := map[string]any{}
	for _, k := range sortedMapKeys(v) {
		if len(out) == maxRecordedList {
			break
		}
		name := clipRunes(k.String(), maxRecordedText)
		if secret || n.elem.isText() && redact.Secret(k.String()) {
			out[name] = redact.Hidden
		} else {
			out[name] = r.value(n.elem, v.MapIndex(k))
		}
	}
	return out
}

// isText reports whether values are texts, or lists of texts.
func (n *node) isText() bool {
	return n.shape.Kind == models.String || n.shape.Kind == models.List && n.elem.isText()
}

// describe notes how the recorder is to treat the field. in is the structure that
// it belongs to. The value of a tag is worth knowing, that of an attribute or a
// record is somebody's own; the ID of a client is no secret, whatever the model says.
func (f *field) describe(in string) {
	f.secret = redact.Secret(f.Name) || f.path == "value" && in != "Tag"
	f.open = f.path == "clientId"
	f.end = in == "Credentials" && f.path == "expiration"
	f.user = f.path == "username"
}
