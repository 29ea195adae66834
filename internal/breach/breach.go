// Package breach keeps passwords that are known from breaches in one file: the first
// seven bytes of their SHA-1 hashes, sorted. It is the form of a list to ask, not to
// learn passwords from, but whoever has it can try guesses on it as on the list
// that it was made of.
//
// A file is 524,316 bytes and five for each password: 5 GB for 10^9 of them. A
// password that is none of n in it is found all the same in one of 2^56/n cases:
// with 10^9, one in 72 million.
package breach

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The form of a file. Numbers are big-endian.
//
//	magic     16 bytes
//	starts    65537 numbers of 8 bytes: before which entry the hashes begin that
//	          start with the two bytes 0, 1 …; the last is the number of entries
//	checksum  4 bytes, CRC-32C of all before it
//	entries   5 bytes each: the third to seventh byte of a hash
const (
	magic      = "poolhouse breach"
	buckets    = 1 << 16
	prefixSize = 2
	entrySize  = 5
	hashSize   = prefixSize + entrySize // bytes of a hash that are kept
	startsSize = (buckets + 1) * 8
	headSize   = len(magic) + startsSize + 4

	maxEntries = (math.MaxInt64 - headSize) / entrySize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrFormat marks a file that is none of ours, or not a whole one.
var ErrFormat = errors.New("not a whole breach list; make one with poolhouse breach build")

// A header says where the entries of each prefix are.
type header struct{ starts []uint64 } // buckets+1, none smaller than the one before

// encode writes the header as it stands in a file.
func (h *header) encode() []byte {
	out := make([]byte, 0, headSize)
	out = append(out, magic...)
	for _, n := range h.starts {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

// decodeHeader reads the header of a file of size bytes.
func decodeHeader(r io.Reader, size int64) (*header, error) {
	head := make([]byte, headSize)
	if _, err := io.ReadFull(r, head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ErrFormat
		}
		return nil, err
	}
	body, sum := head[:headSize-4], binary.BigEndian.Uint32(head[headSize-4:])
	if !bytes.HasPrefix(body, []byte(magic)) || crc32.Checksum(body, castagnoli) != sum {
		return nil, ErrFormat
	}
	h := &header{make([]uint64, buckets+1)}
	for i := range h.starts {
		h.starts[i] = binary.BigEndian.Uint64(body[len(magic)+8*i:])
		if i > 0 && h.starts[i] < h.starts[i-1] {
			return nil, ErrFormat
		}
	}
	n := h.starts[buckets]
	if h.starts[0] != 0 || n > uint64(maxEntries) {
		return nil, ErrFormat
	}
	if want := int64(headSize) + int64(n)*entrySize; size != want {
		return nil, fmt.Errorf("%w: it has %d bytes of %d", ErrFormat, size, want)
	}
	return h, nil
}
