package userpool_test

import (
	"fmt"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// BenchmarkCreateUser stores users as AdminCreateUser does, without the hash.
func BenchmarkCreateUser(b *testing.B) {
	e := newEstate(b)
	p := e.newPool(func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} })
	for i := 0; b.Loop(); i++ {
		e.ok(e.Store.CreateUser(b.Context(), benchUser(p.ID, i)))
	}
}

func benchUser(pool userpool.PoolID, i int) *userpool.User {
	name := fmt.Sprintf("user%07d", i)
	return &userpool.User{Pool: pool, Username: name, Sub: "0b1c2d3e-" + name, Status: userpool.Confirmed, Enabled: true,
		Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true", "name": "User " + name},
		Password:   "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		SRPSalt:    make([]byte, 16), SRPVerifier: make([]byte, 384)}
}

func filled(b *testing.B, n int) (*estate, *userpool.Pool) {
	e := newEstate(b)
	p := e.newPool(func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} })
	for i := range n {
		e.ok(e.Store.CreateUser(b.Context(), benchUser(p.ID, i)))
	}
	return e, p
}

// BenchmarkListUsers reads a page of 60 in the middle of a pool.
func BenchmarkListUsers(b *testing.B) {
	e, p := filled(b, 2000)
	_, next, err := e.Users(b.Context(), p.ID, "", "", 60)
	e.ok(err)
	for b.Loop() {
		_, _, err := e.Users(b.Context(), p.ID, "", next, 60)
		e.ok(err)
	}
}

// BenchmarkFindUser is what every sign-in begins with.
func BenchmarkFindUser(b *testing.B) {
	e, p := filled(b, 2000)
	for b.Loop() {
		_, err := e.Store.User(b.Context(), p.ID, "user0001000@example.com")
		e.ok(err)
	}
}

func BenchmarkPool(b *testing.B) {
	e, p := filled(b, 0)
	for b.Loop() {
		_, err := e.Store.Pool(b.Context(), p.ID)
		e.ok(err)
	}
}
