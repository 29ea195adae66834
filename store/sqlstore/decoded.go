package sqlstore

import "sync"

// keptText bounds the documents that a decoded keeps, in bytes of text.
const keptText = 2 << 20

// A decoded remembers what JSON documents said. Rows are read each time, so that
// nothing is ever out of date, whoever wrote it; only the decoding, which costs
// ten times the read, is spared where the very same text came before.
type decoded[T any] struct {
	clone func(*T) *T // shares nothing that a caller may change; ownCopy where nil

	mu    sync.RWMutex
	known map[string]*T // by text
	size  int           // of the texts
}

// decode returns a value of the caller's own.
func (d *decoded[T]) decode(text string) (*T, error) {
	d.mu.RLock()
	v := d.known[text]
	d.mu.RUnlock()
	if v == nil {
		v = new(T)
		if err := decode(text, v); err != nil {
			return nil, err
		}
		d.keep(text, v)
	}
	if d.clone == nil {
		return ownCopy(v), nil
	}
	return d.clone(v), nil
}

// keep starts over when the texts become too many: those in use come back at once.
func (d *decoded[T]) keep(text string, v *T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.size += len(text); d.known == nil || d.size > keptText {
		d.known, d.size = map[string]*T{}, len(text)
	}
	d.known[text] = v
}

// documents are what a database has decoded. One set serves all of its stores.
type documents struct {
	userpool userpoolDocs
	sts      stsDocs
	saml     decoded[samlDoc]
}

func newDocuments() *documents {
	d := new(documents)
	d.userpool.pools.clone, d.userpool.clients.clone, d.userpool.groups.clone = clonePool, cloneClient, cloneGroup
	return d
}
