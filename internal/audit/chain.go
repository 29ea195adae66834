package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
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
	Segment string `json:"segment"`
	Seq     int64  `json:"seq"`
	Hash    []byte `json:"hash"`
}
