package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// Namespaces of the ephemeral store.
const (
	nsCodes      = "userpool-codes"
	nsCodesSpent = "userpool-codes-spent"
	nsCodeTries  = "userpool-code-tries"
	nsLimits     = "userpool-limits"
)

// The purposes of codes. A code is good for its purpose only.
const (
	codeSignUp    = "signup"
	codeForgot    = "forgot"
	codeAttribute = "attribute" // followed by "/" and the attribute
)

// How long codes live.
const (
	verifyCodeLife = 24 * time.Hour
	forgotCodeLife = time.Hour
)

// maxCodeTries is how many wrong answers kill a code: of 1,000,000 codes a
// guesser sees 20.
const maxCodeTries = 20

// A holder is who codes and limits belong to: a user by sub or, so that unknown
// users look like known ones, a name that nobody has.
type holder struct {
	pool PoolID
	id   string
}

func holderOf(u *User) holder { return holder{u.Pool, "sub/" + u.Sub} }

func (p *Pool) nobody(name string) holder { return holder{p.ID, "name/" + p.Fold(name)} }

func (h holder) key(purpose string) string { return string(h.pool) + "/" + purpose + "/" + h.id }

// A codeRecord is what is kept of a code: not the code, but its MAC.
type codeRecord struct {
	ID        string // tells this code from its successors
	MAC       []byte
	Attribute string // where it was sent
	Value     string // the address at that time, or the one that waits for it
	Expires   time.Time
}

var (
	errCodeMismatch = Fail(ErrCodeMismatch, "Invalid verification code provided, please try again.")
	errCodeExpired  = Fail(ErrExpiredCode, "Invalid code provided, please request a code again.")
	errAttemptLimit = Fail(ErrLimitExceeded, "Attempt limit exceeded, please try after some time.")
)

// issueCode makes a code that replaces the holder's former one.
func (s *Service) issueCode(ctx context.Context, h holder, purpose, attribute, value string, life time.Duration) (code string, err error) {
	code = randomText(6, digits)
	mac, err := s.codeMAC(ctx, h, purpose, code)
	if err != nil {
		return "", err
	}
	return code, s.putCode(ctx, h, purpose, codeRecord{MAC: mac, Attribute: attribute, Value: value, Expires: s.now().Add(life)})
}

// issueFakeCode leaves behind what a code leaves, for a holder who gets none.
func (s *Service) issueFakeCode(ctx context.Context, h holder, purpose string, life time.Duration) error {
	mac := make([]byte, sha256.Size)
	rand.Read(mac)
	return s.putCode(ctx, h, purpose, codeRecord{MAC: mac, Expires: s.now().Add(life)})
}

func (s *Service) putCode(ctx context.Context, h holder, purpose string, r codeRecord) error {
	id := make([]byte, 12)
	rand.Read(id)
	r.ID = base64.RawURLEncoding.EncodeToString(id)
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.Ephemeral.Put(ctx, nsCodes, h.key(purpose), value, r.Expires)
}

// codeMAC binds a code to its holder and purpose under a key of the server, so
// that a copy of the store does not yield six digits.
func (s *Service) codeMAC(ctx context.Context, h holder, purpose, code string) ([]byte, error) {
	key, err := s.Keys.Secret(ctx, nsCodes)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.key(purpose) + "\x00" + code))
	return mac.Sum(nil), nil
}

// matchCode compares a code with the holder's, without using it up.
func (s *Service) matchCode(ctx context.Context, h holder, purpose, code string) (*codeRecord, error) {
	value, err := s.Ephemeral.Get(ctx, nsCodes, h.key(purpose))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, errCodeExpired
	}
	if err != nil {
		return nil, err
	}
	r := new(codeRecord)
	if err := json.Unmarshal(value, r); err != nil {
		return nil, err
	}
	tries, err := s.Ephemeral.Count(ctx, nsCodeTries, r.ID, 1, verifyCodeLife)
	if err != nil {
		return nil, err
	}
	if tries > maxCodeTries {
		return nil, errCodeExpired
	}
	mac, err := s.codeMAC(ctx, h, purpose, code)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(mac, r.MAC) {
		return nil, errCodeMismatch
	}
	return r, nil
}

// spendCode uses a matched code up. Of many callers one succeeds. The record
// stays until it expires: deleting it could hit a newer code.
func (s *Service) spendCode(ctx context.Context, h holder, purpose string, r *codeRecord) error {
	won, err := s.Ephemeral.Claim(ctx, nsCodesSpent, h.key(purpose)+"/"+r.ID, r.Expires)
	if err == nil && !won {
		return errCodeExpired
	}
	return err
}

// limit counts an action of the holder and refuses more than max of them in a
// clock hour. Refused ones do not prolong the refusal.
func (s *Service) limit(ctx context.Context, h holder, action string, max int64) error {
	hour := strconv.FormatInt(s.now().Unix()/3600, 10)
	n, err := s.Ephemeral.Count(ctx, nsLimits, h.key(action)+"/"+hour, 1, time.Hour)
	if err != nil {
		return err
	}
	if n > max {
		return errAttemptLimit
	}
	return nil
}
