package srp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"time"
)

// A Client is the client's half of one exchange.
type Client struct {
	Public *big.Int // A, sent as unpadded hexadecimal

	secret *big.Int
}

// NewClient starts an exchange.
func NewClient() *Client {
	secret := make([]byte, secretBytes)
	rand.Read(secret)
	return newClient(new(big.Int).SetBytes(secret))
}

func newClient(secret *big.Int) *Client {
	return &Client{Public: new(big.Int).Exp(generator, secret, prime), secret: secret}
}

// Key returns the key shared with the server that answered with salt and
// serverPublic.
func (c *Client) Key(id Identity, password string, salt []byte, serverPublic *big.Int) []byte {
	x := private(id, password, salt)
	u := scrambler(c.Public, serverPublic)
	base := new(big.Int).Exp(generator, x, prime)
	base.Mul(base, multiplier).Sub(serverPublic, base).Mod(base, prime)
	exponent := new(big.Int).Mul(u, x)
	exponent.Add(exponent, c.secret)
	return sessionKey(u, base.Exp(base, exponent, prime))
}

// Answer returns the responses to a PASSWORD_VERIFIER challenge with these
// parameters. group is the pool's ID after the underscore.
func (c *Client) Answer(group, password string, params map[string]string, now time.Time) (map[string]string, error) {
	b, err := ParseHex(params["SRP_B"])
	if err != nil {
		return nil, err
	}
	salt, err := hex.DecodeString(params["SALT"])
	if err != nil {
		return nil, err
	}
	block, err := base64.StdEncoding.DecodeString(params["SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	id, stamp := Identity{group, params["USER_ID_FOR_SRP"]}, Timestamp(now)
	proof := Sign(c.Key(id, password, salt, b), id, block, stamp)
	return map[string]string{
		"USERNAME":                    params["USERNAME"],
		"TIMESTAMP":                   stamp,
		"PASSWORD_CLAIM_SECRET_BLOCK": params["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(proof),
	}, nil
}

// timestampLayout has the day without a leading zero, and English names.
const timestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// Timestamp writes t as clients do, for instance "Tue Nov 3 04:05:06 UTC 2026".
func Timestamp(t time.Time) string { return t.UTC().Format(timestampLayout) }

// ParseTimestamp reads what Timestamp writes.
func ParseTimestamp(s string) (time.Time, error) { return time.Parse(timestampLayout, s) }
