package kmsapi

import (
	"errors"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

const arn = "arn:aws:kms:eu-west-1:123456789012:key/0d9f3b6a-7c1e-4f52-9a80-1b2c3d4e5f60"

var inPool = map[string]string{"userpool-id": "eu-west-1_ExaMpLe01", "aws-crypto-public-key": "x"}

func wrapped(t testing.TB, a *API) []byte {
	t.Helper()
	blob, err := a.wrap(arn, []byte("data key"), inPool)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func TestDecrypt(t *testing.T) {
	a := &API{Sealer: keyringtest.New(t)}
	blob := wrapped(t, a)
	for _, id := range []*string{nil, awsapi.Ptr(arn)} {
		out, err := a.Decrypt(t.Context(), &DecryptInput{CiphertextBlob: blob, EncryptionContext: inPool, KeyId: id})
		if err != nil || string(out.Plaintext) != "data key" || *out.KeyId != arn || *out.EncryptionAlgorithm != "SYMMETRIC_DEFAULT" {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

func TestDecryptRefuses(t *testing.T) {
	a := &API{Sealer: keyringtest.New(t)}
	blob := wrapped(t, a)
	renamed := slices.Clone(blob)
	renamed[3+len(arn)-1]++ // another key's name on it
	for name, tt := range map[string]struct {
		in   DecryptInput
		want error
	}{
		"another pool's context": {DecryptInput{CiphertextBlob: blob, EncryptionContext: map[string]string{"userpool-id": "eu-west-1_Other", "aws-crypto-public-key": "x"}}, errCiphertext},
		"no context":             {DecryptInput{CiphertextBlob: blob}, errCiphertext},
		"another key":            {DecryptInput{CiphertextBlob: blob, EncryptionContext: inPool, KeyId: awsapi.Ptr(arn + "0")}, errOtherKey},
		"renamed":                {DecryptInput{CiphertextBlob: renamed, EncryptionContext: inPool}, errCiphertext},
		"cut":                    {DecryptInput{CiphertextBlob: blob[:len(blob)-1], EncryptionContext: inPool}, errCiphertext},
		"empty":                  {DecryptInput{}, errCiphertext},
		"no name":                {DecryptInput{CiphertextBlob: []byte{version, 0, 0, 1}}, errCiphertext},
		"long name":              {DecryptInput{CiphertextBlob: []byte{version, 255, 255, 1}}, errCiphertext},
		"another version":        {DecryptInput{CiphertextBlob: append([]byte{2}, blob[1:]...), EncryptionContext: inPool}, errCiphertext},
		"asymmetric":             {DecryptInput{CiphertextBlob: blob, EncryptionContext: inPool, EncryptionAlgorithm: awsapi.Ptr("SM2PKE")}, errKeyUsage},
		"dry run":                {DecryptInput{CiphertextBlob: blob, EncryptionContext: inPool, DryRun: awsapi.Ptr(true)}, errDryRun},
	} {
		if out, err := a.Decrypt(t.Context(), &tt.in); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v; want %v", name, out, err, tt.want)
		}
	}
}

// Policies can be written for the key, and for the pool.
func TestAuthorisation(t *testing.T) {
	a := &API{Sealer: keyringtest.New(t)}
	in := &DecryptInput{CiphertextBlob: wrapped(t, a), EncryptionContext: inPool}
	s := a.Service()
	if got := s.Resource("Decrypt", in); got != arn {
		t.Errorf("resource %q", got)
	}
	if got := s.Resource("Decrypt", &DecryptInput{CiphertextBlob: []byte("x")}); got != "*" {
		t.Errorf("resource of nonsense %q", got)
	}
	if got := s.Keys("Decrypt", in)["kms:EncryptionContext:userpool-id"]; !slices.Equal(got, []string{"eu-west-1_ExaMpLe01"}) {
		t.Errorf("condition key %q", got)
	}
}

func TestTable(t *testing.T) {
	for _, r := range Errors {
		if !slices.Contains(models.Find("kms").Faults, models.Fault{Code: r.Code, Status: r.Status}) {
			t.Errorf("%s is not in the model", r.Code)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	a := &API{Sealer: keyringtest.New(f)}
	f.Add(wrapped(f, a))
	f.Add([]byte{version, 0, 1, 'a'})
	f.Fuzz(func(t *testing.T, blob []byte) {
		in := &DecryptInput{CiphertextBlob: blob, EncryptionContext: inPool}
		resource("Decrypt", in)
		if out, err := a.Decrypt(t.Context(), in); err == nil && string(out.Plaintext) != "data key" {
			t.Errorf("opened to %q", out.Plaintext)
		}
	})
}
