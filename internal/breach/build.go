package breach

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// parts is how many temporary files the hashes are spread over, by their first byte.
// Each is sorted in memory, of which 10^9 hashes take 60 MB.
const parts = 256

// partBuffer is what each of them gathers before it is written, in bytes.
const partBuffer = 32 << 10

// A Builder makes a file of lists in any order, in bounded memory. Beside the file
// it needs room for seven bytes a hash until it is done.
type Builder struct {
	Least    uint64             // leave out what was seen less often
	Progress func(lines uint64) // called now and then; may be nil

	dir   string
	name  string
	files [parts]*os.File
	out   [parts]*bufio.Writer
	lines uint64
}

// progressStep is how many lines pass between two calls of Progress.
const progressStep = 1 << 20

// NewBuilder begins a file. Close must be called.
func NewBuilder(name string) (*Builder, error) {
	dir, err := os.MkdirTemp(filepath.Dir(name), ".breach-")
	if err != nil {
		return nil, err
	}
	b := &Builder{dir: dir, name: name}
	for i := range b.files {
		if b.files[i], err = os.Create(filepath.Join(dir, fmt.Sprintf("%02x", i))); err != nil {
			return nil, errors.Join(err, b.Close())
		}
		b.out[i] = bufio.NewWriterSize(b.files[i], partBuffer)
	}
	return b, nil
}

// Add adds the hashes of a text; see readLines for its form.
func (b *Builder) Add(r io.Reader) error {
	return readLines(r, func(hash [hashSize]byte, count uint64) error {
		if b.lines++; b.lines%progressStep == 0 && b.Progress != nil {
			b.Progress(b.lines)
		}
		if count < b.Least {
			return nil
		}
		_, err := b.out[hash[0]].Write(hash[:])
		return err
	})
}

// Finish writes the file, in place of one that there was, and returns how many
// passwords it has. It appears as a whole or not at all.
func (b *Builder) Finish() (uint64, error) {
	temp := filepath.Join(b.dir, "list")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := b.write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	return n, os.Rename(temp, b.name)
}

// write writes the entries, and then the header that says where they are.
func (b *Builder) write(f *os.File) (uint64, error) {
	if _, err := f.Seek(int64(headSize), io.SeekStart); err != nil {
		return 0, err
	}
	h := &header{make([]uint64, 1, buckets+1)}
	entries := bufio.NewWriterSize(f, 1<<20)
	for i := range b.files {
		hashes, err := b.part(i)
		if err != nil {
			return 0, err
		}
		if err := h.add(entries, byte(i), hashes); err != nil {
			return 0, err
		}
	}
	if err := entries.Flush(); err != nil {
		return 0, err
	}
	_, err := f.WriteAt(h.encode(), 0)
	return h.starts[buckets], err
}

// part returns the hashes of a temporary file in order, each once.
func (b *Builder) part(i int) ([][hashSize]byte, error) {
	if err := b.out[i].Flush(); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(b.files[i].Name())
	if err != nil {
		return nil, err
	}
	hashes := make([][hashSize]byte, 0, len(raw)/hashSize)
	for chunk := range slices.Chunk(raw, hashSize) {
		hashes = append(hashes, [hashSize]byte(chunk))
	}
	slices.SortFunc(hashes, func(x, y [hashSize]byte) int { return bytes.Compare(x[:], y[:]) })
	return slices.Compact(hashes), nil
}

// add writes the hashes that begin with a byte, and adds the starts of what follows
// each of its 256 prefixes.
func (h *header) add(w io.Writer, first byte, hashes [][hashSize]byte) error {
	next := 0
	for second := range 256 {
		prefix := uint16(first)<<8 | uint16(second)
		n := next
		for ; n < len(hashes) && binary.BigEndian.Uint16(hashes[n][:]) == prefix; n++ {
			if _, err := w.Write(hashes[n][prefixSize:]); err != nil {
				return err
			}
		}
		h.starts = append(h.starts, h.starts[len(h.starts)-1]+uint64(n-next))
		next = n
	}
	return nil
}

// Close removes what is temporary.
func (b *Builder) Close() error {
	var err error
	for _, f := range b.files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}
