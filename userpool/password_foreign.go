package userpool

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// The algorithms of password hashes that users can come with, as CreateUserImportJob
// calls them. The first right password replaces such a hash by one of ours.
const (
	hashBcrypt   = "BCRYPT"
	hashScrypt   = "SCRYPT"
	hashArgon2   = "ARGON2ID"
	hashPBKDF2   = "PBKDF2_SHA256"
	maxBcrypt    = 14 // cost: about a second
	maxScryptLog = 17 // N = 2^17 with r = 8 takes 128 MiB
	maxScryptRP  = 32 // r times p

	maxScryptMemory = 128 << 20 // bytes, 128 times N times r
	maxPBKDF2       = 2_000_000 // iterations: about a second
)

// A foreignHash is a hash in one of the forms that other systems keep.
type foreignHash interface {
	matches(password string) bool
}

var errForeignHash = invalid("The password hash is not one of the algorithm's, or costs more than this server takes.")

// CheckForeignHash refuses a hash that is not one of the algorithm's, or that would
// make a sign-in cost seconds or gigabytes.
func CheckForeignHash(algorithm, hash string) error {
	if algorithm == hashArgon2 {
		if _, _, _, err := decodePHC(hash); err != nil {
			return errForeignHash
		}
		return nil
	}
	f, ok := parseForeign(hash)
	if !ok {
		return errForeignHash
	}
	switch f.(type) {
	case bcryptHash:
		ok = algorithm == hashBcrypt
	case *scryptHash:
		ok = algorithm == hashScrypt
	case *pbkdf2Hash:
		ok = algorithm == hashPBKDF2
	}
	if !ok {
		return errForeignHash
	}
	return nil
}

func parseForeign(hash string) (foreignHash, bool) {
	switch {
	case len(hash) > 512:
		return nil, false
	case strings.HasPrefix(hash, "$2"):
		return parseBcrypt(hash)
	case strings.HasPrefix(hash, "$scrypt$"):
		return parseScrypt(hash)
	case strings.HasPrefix(hash, "$pbkdf2-sha256$"):
		return parsePBKDF2(hash[1:])
	case strings.HasPrefix(hash, "pbkdf2_sha256$"): // Django
		return parsePBKDF2(hash)
	}
	return nil, false
}

// isForeign reports whether a stored hash is to be replaced at the next sign-in.
func isForeign(hash string) bool {
	_, ok := parseForeign(hash)
	return ok
}

type bcryptHash string

func parseBcrypt(hash string) (foreignHash, bool) {
	cost, err := bcrypt.Cost([]byte(hash))
	return bcryptHash(hash), err == nil && cost <= maxBcrypt && len(hash) == 60
}

// matches implements foreignHash. Bytes behind the 72nd never counted.
func (h bcryptHash) matches(password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(h), []byte(password[:min(len(password), 72)])) == nil
}

// A scryptHash is $scrypt$ln=…,r=…,p=…$salt$hash.
type scryptHash struct {
	n, r, p   int
	salt, key []byte
}

func parseScrypt(hash string) (foreignHash, bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 5 {
		return nil, false
	}
	cost := map[string]int{}
	for _, pair := range strings.Split(parts[2], ",") {
		name, value, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return nil, false
		}
		cost[name] = n
	}
	salt, key, ok := hashParts(parts[3], parts[4])
	h := &scryptHash{1 << min(cost["ln"], 62), cost["r"], cost["p"], salt, key}
	fits := len(cost) == 3 && h.n <= maxScryptMemory/128/max(h.r, 1) && cost["ln"] >= 1 && cost["ln"] <= maxScryptLog && h.r >= 1 && h.p >= 1 && h.r <= maxScryptRP && h.p <= maxScryptRP/h.r
	return h, ok && fits
}

func (h *scryptHash) matches(password string) bool {
	got, err := scrypt.Key([]byte(password), h.salt, h.n, h.r, h.p, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(got, h.key) == 1
}

// A pbkdf2Hash is pbkdf2-sha256$iterations$salt$hash, of passlib or as a PHC string,
// or Django's pbkdf2_sha256$iterations$salt$hash, whose salt is text.
type pbkdf2Hash struct {
	iterations int
	salt, key  []byte
}

func parsePBKDF2(hash string) (foreignHash, bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 4 {
		return nil, false
	}
	n, err := strconv.Atoi(strings.TrimPrefix(parts[1], "i="))
	if err != nil || n < 1 || n > maxPBKDF2 {
		return nil, false
	}
	if parts[0] == "pbkdf2_sha256" {
		key, err := base64.StdEncoding.Strict().DecodeString(parts[3])
		return &pbkdf2Hash{n, []byte(parts[2]), key}, err == nil && len(key) == sha256.Size && parts[2] != ""
	}
	salt, key, ok := hashParts(parts[2], parts[3])
	return &pbkdf2Hash{n, salt, key}, ok
}

func (h *pbkdf2Hash) matches(password string) bool {
	got, err := pbkdf2.Key(sha256.New, password, h.salt, h.iterations, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(got, h.key) == 1
}

// hashParts decodes a salt and a key in base64 without padding; passlib writes . for +.
func hashParts(salt, key string) (s, k []byte, ok bool) {
	enc := base64.RawStdEncoding.Strict()
	s, errSalt := enc.DecodeString(strings.ReplaceAll(salt, ".", "+"))
	k, errKey := enc.DecodeString(strings.ReplaceAll(key, ".", "+"))
	return s, k, errSalt == nil && errKey == nil && len(s) > 0 && len(s) <= maxHashPart && len(k) >= 16 && len(k) <= maxHashPart
}

// renewHash replaces the foreign hash of a user who has just given the password by
// one of ours, and makes the SRP verifier that no other system's hash can become. A
// password that is being changed elsewhere stays as it is.
func (a *Auth) renewHash(ctx context.Context, p *Pool, u *User, password string) (*User, error) {
	if !isForeign(u.Password) {
		return u, nil
	}
	old := u.Password
	set, err := a.passwords().take(ctx, p, u, password)
	if err != nil {
		return nil, err
	}
	changed, err := a.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		if u.Password != old {
			return errNoTurn
		}
		history := u.PasswordHistory
		set(u)
		u.PasswordHistory = history // the same password in another form
		return nil
	})
	if errors.Is(err, errNoTurn) {
		return u, nil
	}
	return changed, err
}
