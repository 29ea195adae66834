package userpool

import (
	"strings"

	"github.com/poolhouse/poolhouse/userpool/srp"
)

// NewVerifier returns what the server keeps so that a user can sign in without
// sending the password: a salt and the SRP verifier. username is the one stored,
// never an alias; a verifier outlives a change of e-mail address.
func NewVerifier(pool PoolID, username, password string) (salt, verifier []byte) {
	salt = srp.NewSalt()
	return salt, srp.Verifier(srpIdentity(pool, username), password, salt).Bytes()
}

// srpIdentity is a user as SRP clients hash them: the pool's ID after its
// underscore, and the username.
func srpIdentity(pool PoolID, username string) srp.Identity {
	_, group, _ := strings.Cut(string(pool), "_")
	return srp.Identity{Group: group, Name: username}
}
