package awsapi

import (
	"reflect"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// Bounds of what is recorded of one value.
const (
	maxRecordedText = 1024 // characters
	maxRecordedList = 50   // members
)

// redact returns the input as maps, lists and scalars for the audit log, without
// anything secret: shapes that the model calls sensitive, members whose names
// say so, blobs and free-form documents. nil stands for "nothing to record".
func redact(n *node, v reflect.Value) any {
	if n.shape.Sensitive {
		return nil
	}
	switch n.shape.Kind {
	case models.Structure:
		return redactStructure(n, v)
	case models.List:
		return redactList(n, v)
	case models.Map:
		return redactMap(n, v)
	case models.Blob, models.Document:
		return nil
	case models.String:
		return clipRunes(v.String(), maxRecordedText)
	case models.Timestamp:
		return v.Interface().(time.Time).Format(time.RFC3339Nano)
	}
	return v.Interface()
}

func redactStructure(n *node, v reflect.Value) any {
	out := make(map[string]any, len(n.fields))
	for i := range n.fields {
		f := &n.fields[i]
		fv, ok := f.value(v)
		if !ok || secretName(f.Name) {
			continue
		}
		if r := redact(f.node, fv); r != nil {
			out[f.path] = r
		}
	}
	return out
}

func redactList(n *node, v reflect.Value) any {
	out := []any{}
	for i := range min(v.Len(), maxRecordedList) {
		if r := redact(n.elem, v.Index(i)); r != nil {
			out = append(out, r)
		}
	}
	return out
}

func redactMap(n *node, v reflect.Value) any {
	if n.key.shape.Sensitive {
		return nil
	}
	out := map[string]any{}
	for _, k := range sortedMapKeys(v) {
		if len(out) == maxRecordedList {
			break
		}
		if secretName(k.String()) {
			continue
		}
		if r := redact(n.elem, v.MapIndex(k)); r != nil {
			out[clipRunes(k.String(), maxRecordedText)] = r
		}
	}
	return out
}

// secretNames are the members that hold secrets whatever their shape says, and
// policies, which are long and say little about who did what.
var secretNames = map[string]bool{
	"authparameters": true, "challengeresponses": true, "code": true, "confirmationcode": true,
	"metadataxml": true, "policy": true, "samlassertion": true, "samlmetadatadocument": true,
	"metadatafile": true, "session": true, "usercode": true, "value": true,
}

// secretName also covers the free-form keys of maps, such as the client_secret
// and private_key of a social provider.
func secretName(name string) bool {
	s := strings.ToLower(name)
	for _, part := range []string{"password", "secret", "token", "private_key", "privatekey"} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return secretNames[s]
}
