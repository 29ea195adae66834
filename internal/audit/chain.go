package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Errors of this package.
var (
	ErrBroken   = errors.New("audit: chain is broken")
	ErrBadToken = errors.New("audit: malformed page token")
)

// hash binds an entry to its place. All that a reader is shown or selects by is
// covered; lengths stand before texts so that none can borrow from its neighbour.
func hash(key []byte, e *Entry) []byte {
	mac := hmac.New(sha256.New, key)
	var n [8]byte
	number := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		mac.Write(n[:])
	}
	number(e.Seq)
	number(e.Time.UnixMicro())
	for _, part := range [][]byte{[]byte(e.Segment), e.Prev, []byte(e.ID), []byte(e.Source), []byte(e.Name),
		[]byte(e.User), []byte(e.AccessKey), e.Record} {
		number(int64(len(part)))
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// genesis is what the first entry of a segment follows.
func genesis(segment string) []byte {
	sum := sha256.Sum256([]byte("poolhouse audit " + segment))
	return sum[:]
}

// A Head is the last entry of a segment. Kept elsewhere, it proves later that the
// end of the chain was not cut off, which a chain by itself cannot.
type Head struct {
	Segment string
	Seq     int64
	Hash    []byte
}

// Verify follows every chain of a store from its start and returns where each
// ends. The first entry that was changed, removed or added is ErrBroken.
func Verify(ctx context.Context, store Store, key []byte) ([]Head, error) {
	segments, err := store.Segments(ctx)
	if err != nil {
		return nil, err
	}
	var heads []Head
	for _, segment := range segments {
		head, err := verifySegment(ctx, store, key, segment)
		if err != nil {
			return nil, err
		}
		heads = append(heads, head)
	}
	return heads, nil
}

func verifySegment(ctx context.Context, store Store, key []byte, segment string) (Head, error) {
	head := Head{Segment: segment, Hash: genesis(segment)}
	for {
		entries, err := store.Chain(ctx, segment, head.Seq, 500)
		if err != nil || len(entries) == 0 {
			return head, err
		}
		for _, e := range entries {
			if e.Seq != head.Seq+1 || !bytes.Equal(e.Prev, head.Hash) || !hmac.Equal(e.Hash, hash(key, e)) {
				return head, fmt.Errorf("%w: segment %s after entry %d", ErrBroken, segment, head.Seq)
			}
			head.Seq, head.Hash = e.Seq, e.Hash
		}
	}
}
