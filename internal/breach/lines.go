package breach

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sha1Digits is the length of a hash in the text form.
const sha1Digits = 40

// maxLine bounds a line of text, in bytes: a hash, a colon, a number.
const maxLine = 128

// errLine says what a line should be like.
var errLine = errors.New("want a SHA-1 hash in 40 hexadecimal digits, or HASH:COUNT")

// readLines calls each with the hash and the count of every line of a text in the
// form of Have I Been Pwned: HASH:COUNT, in either case, with any line ends. Without
// a count it is 1. Empty lines count for nothing. An error names its line.
func readLines(r io.Reader, each func(hash [hashSize]byte, count uint64) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		hash, count, err := parseLine(text)
		if err == nil {
			err = each(hash, count)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: %w", n+1, errLine)
	}
	return lines.Err()
}

func parseLine(text string) (hash [hashSize]byte, count uint64, err error) {
	digits, number, counted := strings.Cut(text, ":")
	var whole [sha1Digits / 2]byte
	if len(digits) != sha1Digits {
		return hash, 0, errLine
	}
	if _, err := hex.Decode(whole[:], []byte(digits)); err != nil {
		return hash, 0, errLine
	}
	if count = 1; counted {
		if count, err = strconv.ParseUint(number, 10, 64); err != nil {
			return hash, 0, errLine
		}
	}
	return [hashSize]byte(whole[:]), count, nil
}
