package dataset

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// A tokenKind keeps a token of one purpose from being used for another.
type tokenKind byte

const (
	sessionToken  tokenKind = 's' // SyncSessionToken
	recordsToken  tokenKind = 'r' // NextToken of ListRecords
	datasetsToken tokenKind = 'd' // NextToken of ListDatasets
	poolsToken    tokenKind = 'p' // NextToken of ListIdentityPoolUsage, of no owner
)

// A token is what the server hands out to find its way back. It is signed, not
// secret: all it holds is known to the client already or means nothing to it.
// The zero value of a field that a kind has no use for stays zero.
type token struct {
	Kind    tokenKind
	Owner   Owner
	Dataset string // of a datasets or pools token: the last name or pool shown
	Epoch   Epoch
	Count   int64    // dataset's count when the session or the listing began
	After   Position // last record shown
	Since   int64    // what the listing began with
	Session string   // 16 random bytes
	Expires time.Time
}

const (
	tokenVersion  = 1
	maxTokenBytes = 4096 // longer ones are not ours
)

// encode signs t with key.
func (t *token) encode(key []byte) string {
	raw := []byte{tokenVersion, byte(t.Kind)}
	for _, s := range []string{string(t.Owner.Pool), string(t.Owner.Identity), t.Dataset, string(t.Epoch), t.Session} {
		raw = binary.AppendUvarint(raw, uint64(len(s)))
		raw = append(raw, s...)
	}
	for _, n := range []int64{t.Count, int64(t.After), t.Since, t.Expires.UnixMicro()} {
		raw = binary.AppendVarint(raw, n)
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, sign(key, raw)...))
}

// decodeToken opens what encode made with the same key; ok is false for
// anything else.
func decodeToken(key []byte, text string, kind tokenKind) (t *token, ok bool) {
	if len(text) > maxTokenBytes || strings.ContainsAny(text, "\r\n") { // the decoder skips line ends
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < 2+sha256.Size {
		return nil, false
	}
	raw, mac := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if !hmac.Equal(mac, sign(key, raw)) || raw[0] != tokenVersion || raw[1] != byte(kind) {
		return nil, false
	}
	return parseToken(raw)
}

func sign(key, raw []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(raw)
	return h.Sum(nil)
}

// parseToken reads the signed part of a token.
func parseToken(raw []byte) (*token, bool) {
	r := reader{raw: raw[2:]}
	t := &token{Kind: tokenKind(raw[1])}
	t.Owner = Owner{Pool: PoolID(r.string()), Identity: IdentityID(r.string())}
	t.Dataset, t.Epoch, t.Session = r.string(), Epoch(r.string()), r.string()
	t.Count, t.After, t.Since = r.int(), Position(r.int()), r.int()
	t.Expires = time.UnixMicro(r.int()).UTC()
	return t, !r.bad && len(r.raw) == 0
}

// A reader takes values from the front of raw. After the first that is not
// there, bad is set and all are zero.
type reader struct {
	raw []byte
	bad bool
}

func (r *reader) string() string {
	n, used := binary.Uvarint(r.raw)
	if used <= 0 || n > uint64(len(r.raw)-used) {
		r.raw, r.bad = nil, true
		return ""
	}
	s := r.raw[used : used+int(n)]
	r.raw = r.raw[used+int(n):]
	return string(s)
}

func (r *reader) int() int64 {
	n, used := binary.Varint(r.raw)
	if used <= 0 {
		r.raw, r.bad = nil, true
		return 0
	}
	r.raw = r.raw[used:]
	return n
}
