package samlxml

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
	"sync"
)

// A compressor holds 800 KB of tables and a decompressor 44 KB: to make one costs more
// than a message. Each begins anew with every message; nothing of one shows in another.
var (
	compressors = sync.Pool{New: func() any {
		w, err := flate.NewWriter(io.Discard, flate.BestCompression)
		if err != nil {
			panic(err) // it refuses levels that there are not
		}
		return w
	}}
	decompressors = sync.Pool{New: func() any { return flate.NewReader(strings.NewReader("")) }}
)

// Inflate undoes the DEFLATE encoding of the redirect binding. It stops at
// limit bytes with ErrTooLarge, however small the input was (CVE-2023-28119).
func Inflate(deflated []byte, limit int) ([]byte, error) {
	r := decompressors.Get().(io.Reader)
	defer decompressors.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(deflated), nil); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(raw) > limit {
		return nil, tooLarge("bytes inflated", limit)
	}
	if err != nil {
		return nil, malformed("not DEFLATE data")
	}
	return raw, nil
}

// Deflate applies the DEFLATE encoding of the redirect binding.
func Deflate(message []byte) ([]byte, error) {
	var b bytes.Buffer
	w := compressors.Get().(*flate.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	if _, err := w.Write(message); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}
