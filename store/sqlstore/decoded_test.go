package sqlstore

import (
	"encoding/json"
	"reflect"
	"testing"
)

// fill sets everything in v that can be shared to something that is not empty.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" { // what no document holds is never read
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`"x"`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x").Convert(v.Type().Key()), value)
	case reflect.String:
		v.SetString("x")
	}
}

// shared names the first thing that a change of b would change in a too.
func shared(a, b reflect.Value, path string) string {
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if !a.IsNil() && a.Pointer() == b.Pointer() {
			return path
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		return shared(a.Elem(), b.Elem(), path)
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				if s := shared(a.Field(i), b.Field(i), path+"."+f.Name); s != "" {
					return s
				}
			}
		}
	case reflect.Slice:
		for i := range a.Len() {
			if s := shared(a.Index(i), b.Index(i), path+"[]"); s != "" {
				return s
			}
		}
	case reflect.Map:
		for _, key := range a.MapKeys() {
			if s := shared(a.MapIndex(key), b.MapIndex(key), path+"[]"); s != "" {
				return s
			}
		}
	}
	return ""
}

func testDecoded[T any](t *testing.T, d *decoded[T]) {
	t.Helper()
	want := new(T)
	fill(reflect.ValueOf(want).Elem())
	text := encode(want)
	var got [2]*T
	for i := range got {
		var err error
		if got[i], err = d.decode(text); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("%+v, want %+v", got[i], want)
		}
	}
	if s := shared(reflect.ValueOf(got[0]), reflect.ValueOf(got[1]), reflect.TypeFor[T]().Name()); s != "" {
		t.Errorf("two readers share %s", s)
	}
}

// Every field is tried, those of tomorrow too.
func TestDecodedIsTheCallersOwn(t *testing.T) {
	d := newDocuments()
	testDecoded(t, &d.userpool.pools)
	testDecoded(t, &d.userpool.clients)
	testDecoded(t, &d.userpool.groups)
	testDecoded(t, &d.sts.roles)
	testDecoded(t, &d.sts.users)
	testDecoded(t, &d.sts.policies)
	testDecoded(t, &d.sts.samlProviders)
	testDecoded(t, &d.sts.oidcProviders)
	testDecoded(t, &d.sts.settings)
	testDecoded(t, &d.saml)
}

func TestDecodeFails(t *testing.T) {
	d := &newDocuments().userpool
	if _, err := d.groups.decode("{"); err == nil {
		t.Error("half a document was decoded")
	}
}
