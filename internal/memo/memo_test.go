package memo_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/memo"
)

func TestMemo(t *testing.T) {
	var m memo.Memo[int]
	if _, ok := m.Get("a"); ok {
		t.Error("an empty memo knows something")
	}
	m.Put("a", 1)
	if v, ok := m.Bytes([]byte("a")); !ok || v != 1 {
		t.Errorf("%d, %t", v, ok)
	}
	if _, ok := m.Get("b"); ok {
		t.Error("another text")
	}
}

// What is kept is bounded, however much comes.
func TestBound(t *testing.T) {
	var m memo.Memo[int]
	text := func(i int) string { return strings.Repeat(string(rune('a'+i)), memo.Limit/4) }
	for i := range 6 {
		m.Put(text(i), i)
	}
	kept := 0
	for i := range 6 {
		if _, ok := m.Get(text(i)); ok {
			kept++
		}
	}
	if _, ok := m.Get(text(5)); !ok || kept > 4 {
		t.Errorf("%d are kept, the last one is: %t", kept, ok)
	}
}

func TestAtOnce(t *testing.T) {
	var m memo.Memo[int]
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			m.Put(strings.Repeat("x", i), i)
			if v, ok := m.Get(strings.Repeat("x", i)); !ok || v != i {
				t.Errorf("%d: %d, %t", i, v, ok)
			}
		})
	}
	wg.Wait()
}
