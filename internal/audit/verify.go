package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"slices"
)

// A Break is where a log is not what was written. It is ErrBroken.
type Break struct {
	Segment string // empty where the checkpoints are broken
	After   int64  // the last entry, or checkpoint, that is whole
	Why     string
}

func (b *Break) Error() string {
	if b.Segment == "" {
		return fmt.Sprintf("%v: checkpoints after number %d: %s", ErrBroken, b.After, b.Why)
	}
	return fmt.Sprintf("%v: segment %s after entry %d: %s", ErrBroken, b.Segment, b.After, b.Why)
}

// Is makes every Break ErrBroken.
func (b *Break) Is(target error) bool { return target == ErrBroken }

// A Verifier checks a log.
type Verifier struct {
	Store  Store
	Key    []byte // of the chains' hashes
	Signer Signer
	// Kept are signed checkpoints from outside the store, of a sink for instance.
	// A store that was set back to an earlier state as a whole is found out by
	// them alone.
	Kept []string
}

// A Report is what a whole log consists of.
type Report struct {
	Segments, Checkpoints int
	Entries, Unsigned     int64 // how many there are, and of them how many after the last checkpoint
}

// claims are what the checkpoints say of one segment.
type claims struct {
	heads map[int64][]byte // hashes by number
	last  int64            // largest of these numbers
	cut   Head             // where entries were trimmed
}

// Verify follows the checkpoints, and every chain from its start or its signed cut
// to its end. What was changed, removed, added, or cut off is a *Break.
func (v *Verifier) Verify(ctx context.Context) (r Report, err error) {
	said, n, err := v.checkpoints(ctx)
	if err != nil {
		return r, err
	}
	r.Checkpoints = n
	segments, err := v.Store.Segments(ctx)
	if err != nil {
		return r, err
	}
	names := map[string]bool{}
	for _, s := range segments {
		names[s.Segment] = true
	}
	for name := range said {
		names[name] = true
	}
	for _, name := range sorted(names) {
		if said[name] == nil {
			said[name] = &claims{}
		}
		if err := v.segment(ctx, name, said[name], &r); err != nil {
			return r, err
		}
		r.Segments++
	}
	return r, nil
}

func sorted(names map[string]bool) (out []string) {
	for name := range names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// checkpoints verifies the chain of checkpoints, and that those kept elsewhere are
// in it.
func (v *Verifier) checkpoints(ctx context.Context) (said map[string]*claims, n int, err error) {
	said, last, stored := map[string]*claims{}, SignedCheckpoint{}, map[string]bool{}
	for {
		list, err := v.Store.Checkpoints(ctx, last.Number, 500)
		if err != nil {
			return nil, n, err
		}
		if len(list) == 0 {
			break
		}
		for _, s := range list {
			c, err := openCheckpoint(ctx, v.Signer, s.JWS)
			switch {
			case err != nil:
				return nil, n, &Break{After: last.Number, Why: "the signature of the next one is not ours"}
			case c.Number != last.Number+1 || s.Number != c.Number || c.Prev != digest(last.JWS):
				return nil, n, &Break{After: last.Number, Why: "the next one does not follow it"}
			}
			c.note(said)
			last, stored[s.JWS] = s, true
			n++
		}
	}
	return said, n, v.compareKept(ctx, stored, last.Number)
}

func (v *Verifier) compareKept(ctx context.Context, stored map[string]bool, last int64) error {
	for _, jws := range v.Kept {
		c, err := openCheckpoint(ctx, v.Signer, jws)
		if err != nil {
			return fmt.Errorf("audit: a checkpoint that was kept elsewhere is not ours: %w", err)
		}
		if !stored[jws] {
			return &Break{After: min(c.Number-1, last), Why: fmt.Sprintf("checkpoint %d, which was kept elsewhere, is not there", c.Number)}
		}
	}
	return nil
}

// note adds what c says to what is known of each segment.
func (c *Checkpoint) note(said map[string]*claims) {
	of := func(segment string) *claims {
		if said[segment] == nil {
			said[segment] = &claims{heads: map[int64][]byte{}}
		}
		return said[segment]
	}
	for _, h := range c.Heads {
		s := of(h.Segment)
		s.heads[h.Seq], s.last = h.Hash, max(s.last, h.Seq)
	}
	for _, h := range c.Cuts {
		if s := of(h.Segment); h.Seq > s.cut.Seq {
			s.cut = h
		}
	}
}

// segment follows one chain. Entries up to a signed cut may still be there: they
// were about to be removed.
func (v *Verifier) segment(ctx context.Context, name string, said *claims, r *Report) error {
	head := Head{Segment: name, Hash: genesis(name)}
	if said.cut.Seq > 0 {
		head = said.cut
	}
	broken := func(why string) error { return &Break{Segment: name, After: head.Seq, Why: why} }
	for {
		entries, err := v.Store.Chain(ctx, name, head.Seq, 500)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			if why := v.entry(e, &head); why != "" {
				return broken(why)
			}
			if want, ok := said.heads[e.Seq]; ok && !bytes.Equal(want, e.Hash) {
				return broken("the next entry is not the one that a checkpoint has signed")
			}
			head.Seq, head.Hash = e.Seq, e.Hash
			r.Entries++
			if e.Seq > said.last {
				r.Unsigned++
			}
		}
		whole, err := v.indexed(ctx, name, entries)
		if err != nil {
			return err
		}
		if !whole {
			head.Seq = entries[0].Seq - 1
			return broken(fmt.Sprintf("lookups by resource miss some of the next %d entries", len(entries)))
		}
	}
	if head.Seq < said.last {
		return broken(fmt.Sprintf("the entries up to %d, which a checkpoint has signed, are gone", said.last))
	}
	return nil
}

// indexed reports whether lookups by resource find entries, which are whole. Those of
// before there was such a lookup say nothing of readOnly either.
func (v *Verifier) indexed(ctx context.Context, segment string, entries []*Entry) (bool, error) {
	for _, e := range entries {
		var r struct {
			ReadOnly  *bool
			Resources []Resource
		}
		if err := json.Unmarshal(e.Record, &r); err != nil {
			return false, err
		}
		if r.ReadOnly != nil {
			e.Terms = terms(r.Resources)
		}
	}
	missing, err := v.Store.Unindexed(ctx, entries)
	if missing == 0 || err != nil {
		return err == nil, err
	}
	still, err := v.Store.Chain(ctx, segment, entries[0].Seq-1, 1) // or else they were trimmed meanwhile
	return len(still) == 0 || still[0].Seq != entries[0].Seq, err
}

// entry returns what is wrong with the entry that follows head, or "".
func (v *Verifier) entry(e *Entry, head *Head) string {
	var r struct {
		ReadOnly *bool
	}
	switch {
	case e.Seq != head.Seq+1:
		return "the next entry is missing"
	case !bytes.Equal(e.Prev, head.Hash):
		return "the next entry does not follow it"
	case !hmac.Equal(e.Hash, hash(v.Key, e)):
		return "the next entry was changed, or was not written by this server"
	case json.Unmarshal(e.Record, &r) != nil || r.ReadOnly != nil && *r.ReadOnly != e.ReadOnly:
		return "the next entry is indexed as something else than its record says"
	}
	return ""
}
