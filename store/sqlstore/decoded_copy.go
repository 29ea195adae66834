package sqlstore

import (
	"reflect"
	"time"
)

// ownCopy returns a copy that shares nothing with v that can be changed: the clone of
// a decoded whose type has none written by hand. Types are those of stored documents:
// without interfaces, and no hidden fields but time.Time's.
func ownCopy[T any](v *T) *T {
	c := *v
	detach(reflect.ValueOf(&c).Elem())
	return &c
}

// detach gives a place copies of all that it shares with another.
func detach(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			detach(v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			detach(c.Elem())
			v.Set(c)
		}
	case reflect.Slice:
		detachSlice(v)
	case reflect.Map:
		detachMap(v)
	}
}

func detachSlice(v reflect.Value) {
	if v.IsNil() {
		return
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(c, v)
	switch v.Type().Elem().Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Map:
		for i := range c.Len() {
			detach(c.Index(i))
		}
	}
	v.Set(c)
}

func detachMap(v reflect.Value) {
	if v.IsNil() {
		return
	}
	c := reflect.MakeMapWithSize(v.Type(), v.Len())
	for each := v.MapRange(); each.Next(); {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(each.Value())
		detach(value)
		c.SetMapIndex(each.Key(), value)
	}
	v.Set(c)
}
