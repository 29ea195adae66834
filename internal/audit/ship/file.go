package ship

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
)

// A File is a sink that appends to a file, a line of JSON each. It notices when the
// file was moved away or deleted, and begins a new one. Each batch is on the disk
// (fsync) before it counts as written.
type File struct {
	Path string
	f    *os.File
}

// Write implements Sink.
func (f *File) Write(_ context.Context, lines []Line) error {
	if err := f.ready(); err != nil {
		return err
	}
	var text bytes.Buffer
	for _, l := range lines {
		text.Write(l.JSON)
		text.WriteByte('\n')
	}
	_, err := f.f.Write(text.Bytes())
	if err == nil {
		err = f.f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Close()) // the next write looks at what stands there
	}
	return nil
}

// ready opens the file where none is open, or another stands at the path by now.
func (f *File) ready() error {
	if f.f != nil {
		mine, err := f.f.Stat()
		if err != nil {
			return errors.Join(err, f.Close())
		}
		there, err := os.Stat(f.Path)
		if err == nil && os.SameFile(mine, there) {
			return nil
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	opened, err := os.OpenFile(f.Path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	f.f = opened
	return f.endLine()
}

// endLine ends a line that a crash left unfinished.
func (f *File) endLine() error {
	size, err := f.f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.f.ReadAt(last, size-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.f.Write([]byte{'\n'})
	return err
}

// Close implements Sink.
func (f *File) Close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	return err
}
