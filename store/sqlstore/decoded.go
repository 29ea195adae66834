package sqlstore

import "github.com/poolhouse/poolhouse/internal/memo"

// A decoded remembers what JSON documents said. Rows are read each time, so that
// nothing is ever out of date, whoever wrote it; only the decoding, which costs
// ten times the read, is spared where the very same text came before.
type decoded[T any] struct {
	clone func(*T) *T // shares nothing that a caller may change; ownCopy where nil
	known memo.Memo[*T]
}

// decode returns a value of the caller's own.
func (d *decoded[T]) decode(text string) (*T, error) {
	v, ok := d.known.Get(text)
	if !ok {
		v = new(T)
		if err := decode(text, v); err != nil {
			return nil, err
		}
		d.known.Put(text, v)
	}
	if d.clone == nil {
		return ownCopy(v), nil
	}
	return d.clone(v), nil
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
