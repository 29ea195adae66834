package sts_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

// ratio reports how often a floor fits into the operation. Both are measured in
// the same run, alternating, so that a noisy machine disturbs both; prepare is not
// measured.
func ratio(b *testing.B, prepare, floor, operation func()) {
	b.ReportAllocs()
	var spentFloor, spent time.Duration
	for b.Loop() {
		b.StopTimer()
		prepare()
		b.StartTimer()
		t0 := time.Now()
		floor()
		t1 := time.Now()
		operation()
		spentFloor, spent = spentFloor+t1.Sub(t0), spent+time.Since(t1)
	}
	b.ReportMetric(float64(spentFloor.Nanoseconds())/float64(b.N), "floor-ns/op")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "operation-ns/op")
	b.ReportMetric(float64(spent)/float64(spentFloor), "x-floor")
}

func nothing() {}

// rsaVerify is one RSA-2048 verification: what SAML and tokens cannot do without.
func rsaVerify(b *testing.B) func() {
	key, sum := idps()[0].key, sha256.Sum256([]byte("x"))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
			b.Fatal("does not verify")
		}
	}
}

// Behind GetCallerIdentity: open the token, find the role alive, derive the
// secret. The floor is the AEAD alone.
func BenchmarkCredential(b *testing.B) {
	e := newEnv(b)
	e.role("dev", anybody, readAll)
	c := e.assume(e.root(), "dev", nil).Credentials
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	nonce := make([]byte, aead.NonceSize())
	sealed := aead.Seal(nil, nonce, make([]byte, len(c.SessionToken)*3/4), nil)
	ratio(b, nothing, func() {
		if _, err := aead.Open(nil, nonce, sealed, nil); err != nil {
			b.Fatal(err)
		}
	}, func() { e.session(c) })
}

func BenchmarkAuthorize(b *testing.B) {
	e := newEnv(b)
	e.role("dev", anybody, readAll)
	p := e.session(e.assume(e.root(), "dev", nil).Credentials)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Authorize(e.ctx, p, "s3:GetObject", object, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAssumeRoleWithSAML(b *testing.B) {
	e := newSAMLEnv(b, samlTrust)
	var response string
	fresh := func() {
		response = base64.StdEncoding.EncodeToString([]byte(idps()[0].response(b, e.claim(), e.now())))
	}
	ratio(b, fresh, rsaVerify(b), func() {
		_, err := e.AssumeRoleWithSAML(e.ctx, sts.SAMLRequest{RoleARN: roleARN("dev"), ProviderARN: providerARN, Response: response})
		if err != nil {
			b.Fatal(err)
		}
	})
}

// The token's own verification belongs to its issuer; here the floor stands for it.
func BenchmarkAssumeRoleWithWebIdentity(b *testing.B) {
	e, _ := newWebEnv(b)
	token := jwt("RS256", map[string]any{"iss": poolIssuer, "aud": "client", "sub": "alice"})
	verify := rsaVerify(b)
	ratio(b, nothing, verify, func() {
		verify()
		if _, err := e.present("pool", token); err != nil {
			b.Fatal(err)
		}
	})
}
