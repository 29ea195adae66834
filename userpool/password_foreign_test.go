package userpool_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/poolhouse/poolhouse/userpool"
)

type ctx = context.Context

var errDead = errors.New("the node died")

// Hashes of "Their-password-1" as other systems keep them (their forms; made with hashlib of Python).
const (
	theirs        = "Their-password-1"
	scryptTheirs  = "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$wm8Pa60Bq2+GXaseWGlm6VcPoi/rs7bCBLiu08vYveg"
	passlibTheirs = "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$CTMenhnvrSR0JIdS5.CXI7dfCbENLgqrYhDCkwOdLYM"
	djangoTheirs  = "pbkdf2_sha256$1000$saltsaltsaltsalt$CTMenhnvrSR0JIdS5+CXI7dfCbENLgqrYhDCkwOdLYM="
)

func bcryptOf(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestForeignHashes(t *testing.T) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap, Queue: 1000})
	own, err := h.Hash(t.Context(), theirs)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, hashes := range map[string][]string{
		"BCRYPT": {bcryptOf(t, theirs)}, "ARGON2ID": {own}, "SCRYPT": {scryptTheirs}, "PBKDF2_SHA256": {passlibTheirs, djangoTheirs},
	} {
		for _, hash := range hashes {
			if err := userpool.CheckForeignHash(algorithm, hash); err != nil {
				t.Errorf("%s: %v", hash, err)
			}
			if ok, err := h.Verify(t.Context(), hash, theirs); !ok || err != nil {
				t.Errorf("%s: the right password: %v, %v", hash, ok, err)
			}
			if ok, err := h.Verify(t.Context(), hash, theirs+"x"); ok || err != nil {
				t.Errorf("%s: a wrong password: %v, %v", hash, ok, err)
			}
			for other := range map[string]bool{"BCRYPT": true, "ARGON2ID": true, "SCRYPT": true, "PBKDF2_SHA256": true, "": true} {
				if other != algorithm && userpool.CheckForeignHash(other, hash) == nil {
					t.Errorf("%s passes for %q", hash, other)
				}
			}
		}
	}
}

// A hash that would cost minutes or gigabytes is not taken.
func TestForeignHashesAreBounded(t *testing.T) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap, Queue: 1000})
	salt, key := "c2FsdHNhbHRzYWx0c2FsdA", strings.Repeat("A", 43)
	for algorithm, hashes := range map[string][]string{
		"BCRYPT":        {"$2b$31$" + strings.Repeat("a", 53), "$2b$10$short", "$2"},
		"SCRYPT":        {"$scrypt$ln=30,r=8,p=1$" + salt + "$" + key, "$scrypt$ln=4,r=999999999,p=9$" + salt + "$" + key, "$scrypt$ln=4,r=8$" + salt + "$" + key, "$scrypt$$$"},
		"PBKDF2_SHA256": {"$pbkdf2-sha256$999999999$" + salt + "$" + key, "$pbkdf2-sha256$-1$" + salt + "$" + key, "$pbkdf2-sha256$1000$" + salt + "$AAAA"},
		"ARGON2ID":      {"$argon2id$v=19$m=99999999,t=2,p=1$" + salt + "$" + key},
	} {
		for _, hash := range hashes {
			if userpool.CheckForeignHash(algorithm, hash) == nil {
				t.Errorf("%s was taken", hash)
			}
			if ok, err := h.Verify(t.Context(), hash, theirs); ok || err != nil {
				t.Errorf("%s: %v, %v", hash, ok, err)
			}
		}
	}
}

// The first sign-in replaces a foreign hash, and SRP works from then on.
func TestForeignHashIsRenewed(t *testing.T) {
	w := newWorld(t)
	foreign := bcryptOf(t, password)
	w.changeUser("alice", func(u *userpool.User) { u.Password, u.SRPSalt, u.SRPVerifier = foreign, nil, nil })
	if _, err := w.passwordSignIn(w.client, "alice", "wrong"); err == nil {
		t.Error("a wrong password was taken")
	}
	w.mustSignIn()
	u, err := w.store.User(t.Context(), worldPool, "alice")
	if w.check(err); !strings.HasPrefix(u.Password, "$argon2id$") || len(u.SRPVerifier) == 0 {
		t.Errorf("%q, verifier of %d bytes", u.Password, len(u.SRPVerifier))
	}
	half, ch := w.srpChallenge(w.client, "alice")
	if _, err := w.verify(w.client, w.srpAnswer(half, ch, password)); err != nil {
		t.Error(err)
	}
}

func TestImportOfHashes(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.AutoVerified = nil })
	j := e.run(e.importOf(p, "PBKDF2_SHA256", "cognito:username,cognito:password_hash\nana,"+djangoTheirs+"\nbo,md5$x\n"))
	if j.Imported != 1 || e.failures(j) != "3 bo: The password hash is not one of the algorithm's, or costs more than this server takes.\n" {
		t.Errorf("%+v %s", j, e.failures(j))
	}
	if u := e.user(p.ID, "ana"); u.Status != userpool.Confirmed || !e.accepts(p.ID, "ana", theirs) {
		t.Errorf("%+v", u)
	}
}

func FuzzForeignHash(f *testing.F) {
	for _, seed := range []string{scryptTheirs, passlibTheirs, djangoTheirs, "$2b$04$" + strings.Repeat("a", 53)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		for _, algorithm := range []string{"BCRYPT", "SCRYPT", "PBKDF2_SHA256", "ARGON2ID"} {
			_ = userpool.CheckForeignHash(algorithm, hash)
		}
	})
}

// A hash in a file does not make sign-ins take gigabytes.
func TestForeignHashesThatCostTooMuch(t *testing.T) {
	for cost, ok := range map[string]bool{"ln=17,r=8,p=1": true, "ln=17,r=9,p=1": false, "ln=17,r=32,p=1": false, "ln=15,r=32,p=1": true, "ln=18,r=1,p=1": false} {
		hash := strings.Replace(scryptTheirs, "ln=4,r=8,p=1", cost, 1)
		if err := userpool.CheckForeignHash("SCRYPT", hash); (err == nil) != ok {
			t.Errorf("%s: %v", cost, err)
		}
	}
}
