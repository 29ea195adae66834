package audit

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// plain turns generated shapes into maps and lists for JSON: field names begin
// small, absent members are left out, secrets are hidden. The wire layer has
// removed what the service models mark as sensitive; the names here catch what the
// models forget, and what does not come from a model.
func plain(v any) any {
	if v == nil {
		return nil
	}
	return plainValue(reflect.ValueOf(v))
}

func plainValue(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UTC().Format(time.RFC3339)
	case json.RawMessage:
		return string(x)
	case []byte:
		return Hidden
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plainValue(v.Elem())
	case reflect.Struct:
		return plainStruct(v)
	case reflect.Map:
		return plainMap(v)
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plainValue(v.Index(i))
		}
		return out
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return nil
	}
	return v.Interface()
}

func plainStruct(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || v.Field(i).IsZero() {
			continue
		}
		out[lowerFirst(field.Name)] = plainMember(field.Name, v.Field(i))
	}
	return out
}

func plainMap(v reflect.Value) map[string]any {
	out := map[string]any{}
	for it := v.MapRange(); it.Next(); {
		name := it.Key().String()
		out[name] = plainMember(name, it.Value())
	}
	return out
}

// plainMember hides a secret. Of a map of secrets the keys stay: which provider
// somebody signed in with is worth knowing, the token is not.
func plainMember(name string, v reflect.Value) any {
	if !isSecret(name) {
		return plainValue(v)
	}
	if v.Kind() != reflect.Map {
		return Hidden
	}
	out := map[string]any{}
	for it := v.MapRange(); it.Next(); {
		out[it.Key().String()] = Hidden
	}
	return out
}

// secretWords end or fill the names of members that are never recorded.
var (
	secretWords = []string{"password", "secret", "assertion", "privatekey", "logins", "authparameters", "challengeresponses"}
	secretEnds  = []string{"token", "code", "session", "tokencode", "usercode"}
	notSecret   = map[string]bool{"nexttoken": true, "paginationtoken": true, "clientrequesttoken": true,
		"errorcode": true, "statuscode": true, "generatesecret": true, "passwordpolicy": true}
)

func isSecret(name string) bool {
	name = strings.ToLower(name)
	if notSecret[name] {
		return false
	}
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[size:]
}
