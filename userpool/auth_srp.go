package userpool

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/userpool/srp"
)

// timestampSkew is how far a client's clock may be off.
const timestampSkew = 5 * time.Minute

// nsBlocks marks the secret blocks that were answered.
const nsBlocks = "srp-block"

// An srpBlock is the state of an SRP sign-in between its two calls. No session
// goes with it, so it travels sealed as the SECRET_BLOCK. It has nothing that tells
// a known user from an unknown one, its length included: Sub and Changed are made
// up for the latter.
type srpBlock struct {
	ID      string   `json:"i"`
	Client  ClientID `json:"c"`
	Sub     string   `json:"s"`
	Name    string   `json:"n"`           // USER_ID_FOR_SRP
	Typed   string   `json:"t"`           // USERNAME of the first call
	Key     []byte   `json:"k"`           // session key
	Changed int64    `json:"p"`           // when the password was set, in microseconds
	Expires int64    `json:"e"`           // seconds
	Custom  bool     `json:"u,omitempty"` // part of a custom sign-in, whose session goes with the answer
}

func blockAAD(pool PoolID) string { return "userpool/srp-block/" + string(pool) }

// An srpUser is what a challenge is made of.
type srpUser struct {
	name, sub string
	salt      []byte
	verifier  *big.Int
	changed   time.Time
}

func (a *Auth) initiateSRP(ctx context.Context, c *Client, params map[string]string) (*Step, error) {
	if err := require(params, "USERNAME", "SRP_A"); err != nil {
		return nil, err
	}
	public, err := srp.ParseHex(params["SRP_A"])
	if err != nil {
		return nil, errPublicValue
	}
	name := params["USERNAME"]
	if err := c.CheckSecretHash(name, params["SECRET_HASH"]); err != nil {
		return nil, err
	}
	pool, u, err := a.begin(ctx, c, name)
	if err != nil {
		return nil, err
	}
	return a.startSRP(ctx, pool, c, name, u, public, false)
}

// begin finds the user of a sign-in that comes without a password, and makes the
// checks that come first. u is nil for a user who is unknown, where the client
// hides that.
func (a *Auth) begin(ctx context.Context, c *Client, name string) (*Pool, *User, error) {
	pool, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, nil, err
	}
	u, err := a.lookup(ctx, pool.ID, c, name)
	if err != nil {
		return nil, nil, err
	}
	if _, err := a.admit(ctx, pool, c, name, u); err != nil {
		return nil, nil, err
	}
	return pool, u, a.Triggers.PreAuthentication(ctx, pool, c, u, name)
}

// startSRP challenges a user, who may be unknown, for the password.
func (a *Auth) startSRP(ctx context.Context, pool *Pool, c *Client, name string, u *User, public *big.Int, custom bool) (*Step, error) {
	who, err := a.srpUser(ctx, pool, name, u)
	if err != nil {
		return nil, err
	}
	return a.challengeSRP(c, name, who, public, custom)
}

// challengeSRP does the server's arithmetic and seals the outcome.
func (a *Auth) challengeSRP(c *Client, typed string, who *srpUser, public *big.Int, custom bool) (*Step, error) {
	b, key, err := srp.Accept(public, who.verifier)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(srpBlock{ID: rand.Text(), Client: c.ID, Sub: who.sub, Name: who.name, Typed: typed,
		Key: key, Changed: who.changed.UnixMicro(), Expires: a.Now().Add(c.sessionLife()).Unix(), Custom: custom})
	if err != nil {
		return nil, err
	}
	block, err := a.Keys.Seal(plain, blockAAD(c.Pool))
	if err != nil {
		return nil, err
	}
	return &Step{Challenge: &Challenge{Name: challengeVerifier, Params: map[string]string{
		"SALT":            hex.EncodeToString(who.salt),
		"SECRET_BLOCK":    base64.StdEncoding.EncodeToString(block),
		"SRP_B":           b.Text(16),
		"USERNAME":        who.name,
		"USER_ID_FOR_SRP": who.name,
	}}}, nil
}

// srpUser returns what to challenge u with. For a user who is unknown, or has no
// verifier, it is made up from a keyed hash of the name: the same on every call, as
// RFC 5054 section 2.5.1.3 asks for, and as costly to answer.
func (a *Auth) srpUser(ctx context.Context, pool *Pool, typed string, u *User) (*srpUser, error) {
	secret, err := a.Keys.Secret(ctx, "userpool/unknown-users")
	if err != nil {
		return nil, err
	}
	seed, err := hkdf.Key(sha256.New, secret, nil, string(pool.ID)+"\x00"+pool.Fold(typed), 16+16+384)
	if err != nil {
		return nil, err
	}
	seed[0] = max(seed[0], 1) // like a real salt, see srp.NewSalt
	id := formatUUID([16]byte(seed[16:32]))
	made := &srpUser{name: id, sub: id, salt: seed[:16], verifier: srp.Reduce(seed[32:]), changed: a.Now()}
	switch {
	case u == nil && !pool.namesDiffer(typed):
		made.name = pool.Fold(typed)
	case u != nil:
		made.name, made.sub, made.changed = u.Username, u.Sub, u.PasswordChanged
	}
	if u != nil && len(u.SRPVerifier) > 0 {
		made.salt, made.verifier = u.SRPSalt, new(big.Int).SetBytes(u.SRPVerifier)
	}
	return made, nil
}

// namesDiffer reports whether a user who signs in by this name would have another
// username.
func (p *Pool) namesDiffer(typed string) bool {
	if len(p.UsernameAttributes) > 0 {
		return true
	}
	for _, alias := range p.AliasAttributes {
		if alias == "email" && strings.Contains(typed, "@") || alias == "phone_number" && strings.HasPrefix(typed, "+") {
			return true
		}
	}
	return false
}

// respondVerifier takes the proof of a password. The session is that of a custom
// sign-in, of which the password is a part; else there is none, or one that clients
// of other flows send along.
func (a *Auth) respondVerifier(ctx context.Context, c *Client, in map[string]string, session string) (*Step, error) {
	err := require(in, "USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")
	if err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	if err := a.checkTimestamp(in["TIMESTAMP"]); err != nil {
		return nil, err
	}
	sealed, block, err := a.openBlock(c, in["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	if in["USERNAME"] != block.Name && in["USERNAME"] != block.Typed {
		return nil, errPassword
	}
	signature, err := base64.StdEncoding.DecodeString(in["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return nil, errPassword
	}
	ok := srp.Verify(block.Key, srpIdentity(c.Pool, block.Name), sealed, in["TIMESTAMP"], signature)
	pool, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	if block.Custom {
		return a.respondCustomVerifier(ctx, pool, c, block, session, ok)
	}
	u, err := a.settleSRP(ctx, pool, c, block, ok)
	if err != nil {
		return nil, err
	}
	return a.proceed(ctx, pool, c, u, proof{})
}

// settleSRP uses up the block and ends the attempt.
func (a *Auth) settleSRP(ctx context.Context, pool *Pool, c *Client, block *srpBlock, ok bool) (*User, error) {
	u, err := a.Store.UserBySub(ctx, pool.ID, block.Sub)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return nil, err
	}
	if err != nil {
		u = nil
	}
	try, err := a.admit(ctx, pool, c, block.Typed, u)
	if err != nil {
		return nil, err
	}
	first, err := a.Ephemeral.Claim(ctx, nsBlocks, string(pool.ID)+"/"+block.ID, time.Unix(block.Expires+1, 0))
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, errPassword
	}
	// A block of a password that was changed meanwhile proves nothing any more.
	ok = ok && u != nil && u.PasswordChanged.UnixMicro() == block.Changed
	return a.settle(ctx, pool, try, ok)
}

// openBlock opens a secret block that this client received and that has not
// expired. All faults look alike.
func (a *Auth) openBlock(c *Client, text string) (sealed []byte, block *srpBlock, err error) {
	block = new(srpBlock)
	if sealed, err = a.openSecretBlock(blockAAD(c.Pool), text, block); err != nil {
		return nil, nil, err
	}
	if block.Client != c.ID || a.Now().Unix() >= block.Expires {
		return nil, nil, errPassword
	}
	return sealed, block, nil
}

// openSecretBlock opens a SECRET_BLOCK, of a password's proof or a device's, into its
// state. What is not exactly one that was sealed for aad is errPassword.
func (a *Auth) openSecretBlock(aad, text string, state any) (sealed []byte, err error) {
	sealed, err = base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errPassword
	}
	plain, err := a.Keys.Open(sealed, aad)
	if err != nil {
		return nil, errPassword
	}
	return sealed, json.Unmarshal(plain, state)
}

func (a *Auth) checkTimestamp(s string) error {
	at, err := srp.ParseTimestamp(s)
	if err != nil {
		return Fail(ErrInvalidParameter, "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if a.Now().Sub(at).Abs() > timestampSkew {
		return errPassword
	}
	return nil
}

// sessionLife is how long a challenge may be answered.
func (c *Client) sessionLife() time.Duration { return orDefault(c.SessionLife, 3*time.Minute) }
