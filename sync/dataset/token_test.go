package dataset

import (
	"testing"
	"time"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

func sample() token {
	return token{Kind: recordsToken, Owner: Owner{"us-east-1:11aa", "us-east-1:22bb"}, Dataset: "notes:a", Epoch: "00000000000000aa",
		Count: MaxSyncCount, After: After(MaxSyncCount), Since: 1<<63 - 1, Session: "\x00\xff binary",
		Expires: time.Date(2026, 11, 23, 9, 0, 0, 1000, time.UTC)}
}

func TestTokenRoundTrip(t *testing.T) {
	want := sample()
	got, ok := decodeToken(testKey, want.encode(testKey), recordsToken)
	if !ok || *got != want {
		t.Fatalf("got %+v, %t; want %+v", got, ok, want)
	}
}

func TestTokenOfAnotherKind(t *testing.T) {
	s := sample()
	for _, kind := range []tokenKind{sessionToken, datasetsToken, poolsToken} {
		if _, ok := decodeToken(testKey, s.encode(testKey), kind); ok {
			t.Errorf("taken as %q", kind)
		}
	}
}

// TestTokenAltered changes each character of a token in turn.
func TestTokenAltered(t *testing.T) {
	s := sample()
	text := s.encode(testKey)
	for i := range text {
		for _, c := range []byte("Ab-") {
			altered := []byte(text)
			if altered[i] == c {
				continue
			}
			altered[i] = c
			if _, ok := decodeToken(testKey, string(altered), recordsToken); ok {
				t.Fatalf("accepted with character %d changed", i)
			}
		}
	}
}

// FuzzToken feeds texts that a client might send as a token: none opens but what
// the server made.
func FuzzToken(f *testing.F) {
	s := sample()
	good := s.encode(testKey)
	for _, text := range []string{good, good[:10], good + good, "", "AXI", "====", "\n" + good} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := decodeToken(testKey, text, recordsToken)
		if ok && got.encode(testKey) != text {
			t.Errorf("a token that the server did not write: %q", text)
		}
	})
}

// FuzzTokenContent feeds what stands behind a valid signature, as another version
// of the server might have written it.
func FuzzTokenContent(f *testing.F) {
	f.Add([]byte("\x01r"))
	f.Add([]byte("\x01r\x01a\x01b\x01c\x01d\x01e\x02\x04\x06\x08"))
	f.Add([]byte("\x01r\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < 2 {
			return
		}
		got, ok := parseToken(raw)
		if size := len(got.Owner.Pool) + len(got.Owner.Identity) + len(got.Dataset) + len(got.Epoch) + len(got.Session); size > len(raw) {
			t.Errorf("%d bytes of text (%t) from %d bytes", size, ok, len(raw))
		}
	})
}
