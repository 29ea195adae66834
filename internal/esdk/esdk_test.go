package esdk_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/poolhouse/poolhouse/internal/esdk"
)

// A reader takes a message apart in the order of the format's description.
type reader struct {
	t   *testing.T
	all []byte
	pos int
}

func (r *reader) take(n int) []byte {
	r.t.Helper()
	if r.pos+n > len(r.all) {
		r.t.Fatalf("message ends at %d, want %d bytes at %d", len(r.all), n, r.pos)
	}
	r.pos += n
	return r.all[r.pos-n : r.pos]
}

func (r *reader) field() []byte { return r.take(int(binary.BigEndian.Uint16(r.take(2)))) }

func (r *reader) want(what string, b ...byte) {
	r.t.Helper()
	if got := r.take(len(b)); !bytes.Equal(got, b) {
		r.t.Errorf("%s: %x, want %x", what, got, b)
	}
}

func TestMessage(t *testing.T) {
	var dataKey []byte
	var context map[string]string
	message, err := esdk.Encrypt([]byte("123456"), map[string]string{"userpool-id": "eu-west-1_ExaMpLe01"},
		func(key []byte, c map[string]string) (esdk.DataKey, error) {
			dataKey, context = bytes.Clone(key), c
			return esdk.DataKey{Provider: "aws-kms", Info: "arn:key", Wrapped: []byte("wrapped")}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, all: message}
	r.want("version, type, suite", 1, 0x80, 3, 0x78)
	id := r.take(16)
	encoded, err := esdk.Context(context)
	if err != nil || !bytes.Equal(r.field(), encoded) {
		t.Errorf("encryption context: %v", err)
	}
	r.want("data keys", 0, 1)
	if p, i, k := r.field(), r.field(), r.field(); string(p) != "aws-kms" || string(i) != "arn:key" || string(k) != "wrapped" {
		t.Errorf("data key %q %q %q", p, i, k)
	}
	r.want("content type, reserved, length of an IV, of a frame", 2, 0, 0, 0, 0, 12, 0, 0, 0x10, 0)
	header := message[:r.pos]

	key, err := hkdf.Key(sha512.New384, dataKey, nil, "\x03\x78"+string(id), 32)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	if _, err := gcm.Open(nil, r.take(12), r.take(16), header); err != nil {
		t.Errorf("header: %v", err)
	}
	r.want("final frame, its number", 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1)
	iv := r.take(12)
	r.want("length", 0, 0, 0, 6)
	plain, err := gcm.Open(nil, iv, r.take(6+16), append(bytes.Clone(id), "AWSKMSEncryptionClient Final Frame\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x06"...))
	if err != nil || string(plain) != "123456" {
		t.Errorf("frame %q, %v", plain, err)
	}
	sum := sha512.Sum384(message[:r.pos])
	if !ecdsa.VerifyASN1(signer(t, context["aws-crypto-public-key"]), sum[:], r.field()) {
		t.Error("the signature is wrong")
	}
	if r.pos != len(message) {
		t.Errorf("%d bytes behind the signature", len(message)-r.pos)
	}
}

func signer(t *testing.T, text string) *ecdsa.PublicKey {
	t.Helper()
	point, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(text) != 68 {
		t.Fatalf("public key of %d characters, %v", len(text), err)
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), point)
	if x == nil {
		t.Fatal("the public key is no point")
	}
	uncompressed := append([]byte{4}, x.FillBytes(make([]byte, 48))...)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), append(uncompressed, y.FillBytes(make([]byte, 48))...))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestContextIsSorted(t *testing.T) {
	got, err := esdk.Context(map[string]string{"b": "2", "a": ""})
	if want := "\x00\x02\x00\x01a\x00\x00\x00\x01b\x00\x012"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if got, err := esdk.Context(nil); err != nil || len(got) != 0 {
		t.Errorf("empty: %q, %v", got, err)
	}
}

func TestBounds(t *testing.T) {
	wrap := func([]byte, map[string]string) (esdk.DataKey, error) { return esdk.DataKey{}, nil }
	if _, err := esdk.Encrypt(make([]byte, 4097), nil, wrap); !errors.Is(err, esdk.ErrTooLong) {
		t.Errorf("a long text: %v", err)
	}
	if _, err := esdk.Encrypt(nil, map[string]string{"a": string(make([]byte, 1<<16))}, wrap); err == nil {
		t.Error("a context that cannot be written was taken")
	}
	failed := errors.New("no key")
	if _, err := esdk.Encrypt(nil, nil, func([]byte, map[string]string) (esdk.DataKey, error) { return esdk.DataKey{}, failed }); !errors.Is(err, failed) {
		t.Errorf("a key that cannot be wrapped: %v", err)
	}
}
