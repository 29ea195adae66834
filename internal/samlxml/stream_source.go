package samlxml

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// A source feeds a decoder and remembers what it has read of the present token. It is
// an io.ByteReader, so that the decoder reads no further than it looks.
type source struct {
	r     *bufio.Reader
	limit int64  // of all, in bytes
	from  int64  // offset of kept[0]
	kept  []byte // since the token before
	err   error  // that ended the reading early
}

func newSource(r io.Reader, limit int64) (*source, error) {
	s := &source{r: bufio.NewReaderSize(r, 64<<10), limit: limit}
	head, err := s.r.Peek(len(byteOrderMark))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Equal(head, []byte(byteOrderMark)) {
		_, err = s.r.Discard(len(byteOrderMark))
		return s, err
	}
	return s, nil
}

// Read is there because a decoder wants an io.Reader; it uses ReadByte.
func (s *source) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// ReadByte implements io.ByteReader.
func (s *source) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	switch {
	case err != nil:
	case s.from+int64(len(s.kept)) >= s.limit:
		err = tooLarge("bytes", int(s.limit))
	case len(s.kept) >= maxPart:
		err = tooLarge("bytes of a token", maxPart)
	default:
		s.kept = append(s.kept, b)
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return b, err
}

// token returns what was read up to an offset since the last call, which it forgets.
func (s *source) token(until int64) ([]byte, error) {
	n := int(until - s.from)
	text := bytes.Clone(s.kept[:n])
	s.kept = append(s.kept[:0], s.kept[n:]...)
	s.from = until
	if !utf8.Valid(text) {
		return nil, malformed("not UTF-8")
	}
	return text, nil
}
