package userpool_test

import (
	"fmt"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestTags(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(*userpool.Pool) {})
	tag := func(tags map[string]string) error {
		_, err := e.ChangePool(t.Context(), p.ID, func(p *userpool.Pool) error { p.Tags = tags; return nil })
		return err
	}
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint("tag ", i)] = "größe: 1/2+3=@_-."
	}
	e.ok(tag(many))
	many["one more"] = ""
	e.refused(tag(many), userpool.ErrInvalidParameter, "50 tags")
	e.refused(tag(map[string]string{"AWS:x": "y"}), userpool.ErrInvalidParameter, "aws: prefixed")
	e.refused(tag(map[string]string{"a<b": "y"}), userpool.ErrInvalidParameter, "a<b")
	e.refused(tag(map[string]string{"a": "y\n"}), userpool.ErrInvalidParameter, "not allowed")
	p2 := userpool.NewPool("tagged")
	p2.Tags = map[string]string{"aws:x": "y"}
	_, err := e.CreatePool(t.Context(), p2, nil)
	e.refused(err, userpool.ErrInvalidParameter, "aws: prefixed")
}
