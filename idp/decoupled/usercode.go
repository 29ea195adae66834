package decoupled

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool"
)

// letters make no words and are not mistaken for one another (RFC 8628 section 6.1).
const letters = "BCDFGHJKLMNPQRSTVWXZ"

const codeLength = 8 // 20^8 codes; guesses are counted by the page that takes them

// newUserCode returns a code as it is shown: WDJB-MJHT.
func newUserCode() string {
	code := make([]byte, 0, codeLength)
	var b [1]byte
	for len(code) < codeLength {
		rand.Read(b[:])
		if int(b[0]) < 256-256%len(letters) { // so that each letter is as likely
			code = append(code, letters[int(b[0])%len(letters)])
		}
	}
	return string(code[:codeLength/2]) + "-" + string(code[codeLength/2:])
}

// NormalCode is the code that a person means, as it is shown; empty for what can be none.
func NormalCode(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters, r) {
			return r
		}
		if strings.ContainsRune(" -_.\u2010\u2011\u2013\u2014\t", r) {
			return -1
		}
		return '?'
	}, strings.ToUpper(typed))
	if len(code) != codeLength || strings.Contains(code, "?") {
		return ""
	}
	return code[:codeLength/2] + "-" + code[codeLength/2:]
}

var errCodes = errors.New("decoupled: no user code is free")

// nameCode gives a request a code that no other has.
func (s *Store) nameCode(ctx context.Context, r *Request, id idp.Handle) error {
	for range 5 {
		code := newUserCode()
		first, err := s.Ephemeral.Claim(ctx, nsTaken, string(r.Pool)+"/"+code, r.Expires)
		if err != nil {
			return err
		}
		if first {
			r.UserCode = code
			return s.Ephemeral.Put(ctx, nsCode, string(r.Pool)+"/"+code, []byte(id), r.Expires)
		}
	}
	return errCodes
}

// ByUserCode finds the request that waits for a code, as NormalCode returns it.
func (s *Store) ByUserCode(ctx context.Context, pool userpool.PoolID, code string) (idp.Handle, *Request, error) {
	if code == "" {
		return "", nil, ErrNotFound
	}
	id, err := s.Ephemeral.Get(ctx, nsCode, string(pool)+"/"+code)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return "", nil, ErrNotFound
	}
	if err != nil {
		return "", nil, err
	}
	r, err := s.Get(ctx, pool, idp.Handle(id))
	return idp.Handle(id), r, err
}
