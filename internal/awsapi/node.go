package awsapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// A node is a shape of the model bound to the Go type that holds its values.
// Codecs, validation and redaction walk nodes; they are built once, at start.
type node struct {
	shape   *models.Shape
	typ     reflect.Type
	fields  []field        // of a structure, in the order of the model
	byName  map[string]int // JSON name to index in fields
	key     *node          // of a map
	elem    *node          // of a list or map
	pattern func() *regexp.Regexp
}

// A field is a member of a structure.
type field struct {
	*models.Member
	node  *node
	index int    // in the Go struct
	ptr   bool   // the Go field is a pointer to the node's type
	path  string // as validation errors spell it

	secret, open, user, end bool // how it is recorded: see describe
}

// value returns the field's value in the structure v, and whether it is there.
func (f *field) value(v reflect.Value) (reflect.Value, bool) {
	fv := v.Field(f.index)
	if fv.IsNil() {
		return fv, false
	}
	if f.ptr {
		fv = fv.Elem()
	}
	return fv, true
}

// slot returns the addressable place of the field's value in v, allocated.
func (f *field) slot(v reflect.Value) reflect.Value {
	fv := v.Field(f.index)
	if !f.ptr {
		return fv
	}
	if fv.IsNil() {
		fv.Set(reflect.New(f.node.typ))
	}
	return fv.Elem()
}

// A binder builds the nodes of one service. Each pair of shape and type is built
// once, which also ends the recursion of shapes that contain themselves.
type binder struct {
	model *models.Model
	done  map[binding]*node
}

type binding struct {
	shape int
	typ   reflect.Type
}

var emptyShape = &models.Shape{Name: "Unit"}

// bind returns the node of a shape held in typ, or an error that names the
// place where type and model differ.
func (b *binder) bind(shape int, typ reflect.Type) (*node, error) {
	id := binding{shape, typ}
	if n := b.done[id]; n != nil {
		return n, nil
	}
	n := &node{shape: emptyShape, typ: typ}
	if shape != models.None {
		n.shape = &b.model.Shapes[shape]
	}
	b.done[id] = n
	if want, ok := goTypes[n.shape.Kind]; ok && typ != want || !ok && typ.Kind() != goKinds[n.shape.Kind] {
		return nil, fmt.Errorf("awsapi: shape %s can't be held in a %s", n.shape.Name, typ)
	}
	if p := n.shape.Pattern; p != "" {
		n.pattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(goPattern(p)) })
	}
	return n, b.bindParts(n)
}

func (b *binder) bindParts(n *node) (err error) {
	switch n.shape.Kind {
	case models.List:
		n.elem, err = b.bind(n.shape.Elem, n.typ.Elem())
	case models.Map:
		if n.key, err = b.bind(n.shape.Key, n.typ.Key()); err == nil {
			n.elem, err = b.bind(n.shape.Elem, n.typ.Elem())
		}
	case models.Structure:
		err = b.bindFields(n)
	}
	return err
}

func (b *binder) bindFields(n *node) error {
	n.byName = make(map[string]int, len(n.shape.Members))
	for i := range n.shape.Members {
		m := &n.shape.Members[i]
		sf, ok := n.typ.FieldByName(upperFirst(m.Name))
		if !ok || len(sf.Index) != 1 {
			return fmt.Errorf("awsapi: %s has no field for member %s of %s", n.typ, m.Name, n.shape.Name)
		}
		f := field{Member: m, index: sf.Index[0], path: lowerFirst(m.Name)}
		typ := sf.Type
		if typ.Kind() == reflect.Pointer {
			f.ptr, typ = true, typ.Elem()
		}
		var err error
		if f.node, err = b.bind(m.Shape, typ); err != nil {
			return fmt.Errorf("%w (member %s of %s)", err, m.Name, n.shape.Name)
		}
		if !f.ptr && !nilable(typ) {
			return fmt.Errorf("awsapi: member %s of %s must be held in a pointer", m.Name, n.shape.Name)
		}
		f.describe(n.shape.Name)
		n.byName[m.Name] = len(n.fields)
		n.fields = append(n.fields, f)
	}
	return nil
}

func nilable(t reflect.Type) bool { return t.Kind() == reflect.Slice || t.Kind() == reflect.Map }

var (
	goTypes = map[models.Kind]reflect.Type{
		models.String: reflect.TypeFor[string](), models.Integer: reflect.TypeFor[int32](),
		models.Long: reflect.TypeFor[int64](), models.Double: reflect.TypeFor[float64](),
		models.Boolean: reflect.TypeFor[bool](), models.Timestamp: reflect.TypeFor[time.Time](),
		models.Blob: reflect.TypeFor[[]byte](), models.Document: reflect.TypeFor[json.RawMessage](),
	}
	goKinds = map[models.Kind]reflect.Kind{
		models.Structure: reflect.Struct, models.List: reflect.Slice, models.Map: reflect.Map,
	}
)

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
