package breach

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
)

// A List is a file that was opened. It may be used by many at once.
type List struct {
	file  io.ReaderAt
	close func() error
	head  *header
}

// Open opens a file, and refuses one that is not whole. It keeps half a megabyte of
// it in memory.
func Open(name string) (*List, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	l, err := open(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return l, nil
}

func open(f *os.File) (*List, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrFormat
	}
	head, err := decodeHeader(f, info.Size())
	return &List{f, f.Close, head}, err
}

// Close closes the file.
func (l *List) Close() error { return l.close() }

// Len is how many passwords the list has.
func (l *List) Len() uint64 { return l.head.starts[buckets] }

// Contains reports whether a password is in the list or, rarely, looks as if it were.
func (l *List) Contains(password string) (bool, error) {
	sum := sha1.Sum([]byte(password))
	return l.has([hashSize]byte(sum[:hashSize]))
}

// has looks a hash up: some 14 reads of five bytes in a list of 10^9.
func (l *List) has(hash [hashSize]byte) (bool, error) {
	bucket := binary.BigEndian.Uint16(hash[:prefixSize])
	first, end := l.head.starts[bucket], l.head.starts[int(bucket)+1]
	want := hash[prefixSize:]
	var failed error
	var entry [entrySize]byte
	read := func(i int) []byte {
		_, err := l.file.ReadAt(entry[:], int64(headSize)+int64(first+uint64(i))*entrySize)
		failed = errors.Join(failed, err)
		return entry[:]
	}
	n := int(end - first)
	i := sort.Search(n, func(i int) bool { return failed != nil || bytes.Compare(read(i), want) >= 0 })
	if failed != nil || i == n {
		return false, failed
	}
	found := bytes.Equal(read(i), want)
	return found && failed == nil, failed
}
