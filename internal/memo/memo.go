// Package memo remembers what was made of texts that come again and again.
package memo

import "sync"

// Limit bounds the texts that a Memo keeps, in bytes.
const Limit = 2 << 20

// A Memo keeps values by the texts that they were made of. What it returns is
// everybody's: nobody may change it. The zero Memo is empty, and safe for concurrent use.
type Memo[T any] struct {
	mu    sync.RWMutex
	known map[string]T
	size  int // of the texts
}

// Get returns what was made of a text; ok is false where nothing is known of it.
func (m *Memo[T]) Get(text string) (v T, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok = m.known[text]
	return v, ok
}

// Bytes is Get for a text in bytes.
func (m *Memo[T]) Bytes(text []byte) (v T, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok = m.known[string(text)] // without a copy
	return v, ok
}

// Put remembers what was made of a text. It starts over when the texts become too
// many: those in use come back at once.
func (m *Memo[T]) Put(text string, v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.size += len(text); m.known == nil || m.size > Limit {
		m.known, m.size = map[string]T{}, len(text)
	}
	m.known[text] = v
}
