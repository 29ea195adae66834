// Package kmsapi serves the one operation of AWS KMS that custom sender triggers
// need. Their functions receive codes in a message of the AWS Encryption SDK, whose
// data key the SDK has opened by kms:Decrypt: with this server as the endpoint of
// KMS they run unchanged.
//
// A key is a name, the ARN in a pool's LambdaConfig.KMSKeyID. What is encrypted
// under it is sealed by the key ring and opens for whoever may call kms:Decrypt on
// that ARN.
package kmsapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/esdk"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/userpool"
)

// An API encrypts for functions, and serves Decrypt to them.
type API struct {
	Sealer keyring.Sealer
}

var (
	errCiphertext = errors.New("kmsapi: ciphertext does not open")
	errOtherKey   = errors.New("kmsapi: another key")
	errKeyUsage   = errors.New("kmsapi: keys are symmetric")
	errDryRun     = errors.New("kmsapi: dry run")
)

// Errors is how the service reports its refusals. Why a ciphertext does not open
// is not told.
var Errors = awsapi.ErrorTable{
	{Is: errCiphertext, Status: 400, Code: "InvalidCiphertextException", Message: "The ciphertext is not valid under this key and encryption context."},
	{Is: errOtherKey, Status: 400, Code: "IncorrectKeyException", Message: "The key ID in the request does not identify a key that can perform this operation."},
	{Is: errKeyUsage, Status: 400, Code: "InvalidKeyUsageException", Message: "The encryption algorithm is not one of this key."},
	{Is: errDryRun, Status: 400, Code: "DryRunOperationException", Message: "The request would have succeeded, but the DryRun option is set."},
}

// Service describes the operations to the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "kms", Ops: []awsapi.Op{awsapi.Func("Decrypt", awsapi.SigV4, a.Decrypt)}, Errors: Errors,
		Resource: resource, Keys: conditionKeys}
}

// resource is the ARN of the key that a ciphertext names.
func resource(_ string, in any) string {
	if d, ok := in.(*DecryptInput); ok {
		if arn, _, ok := split(d.CiphertextBlob); ok {
			return arn
		}
	}
	return "*"
}

// conditionKeys are the entries of the encryption context, by which policies can
// tell the pools apart that share a key.
func conditionKeys(_ string, in any) map[string][]string {
	keys := map[string][]string{}
	if d, ok := in.(*DecryptInput); ok {
		for name, value := range d.EncryptionContext {
			keys["kms:EncryptionContext:"+name] = []string{value}
		}
	}
	return keys
}

const symmetric = "SYMMETRIC_DEFAULT"

// Decrypt returns what was wrapped under a key and an encryption context.
func (a *API) Decrypt(_ context.Context, in *DecryptInput) (*DecryptOutput, error) {
	if alg := awsapi.Value(in.EncryptionAlgorithm); alg != "" && alg != symmetric {
		return nil, errKeyUsage
	}
	arn, sealed, ok := split(in.CiphertextBlob)
	if !ok {
		return nil, errCiphertext
	}
	if id := awsapi.Value(in.KeyId); id != "" && id != arn {
		return nil, errOtherKey
	}
	place, err := placeOf(arn, in.EncryptionContext)
	if err != nil {
		return nil, errCiphertext
	}
	plain, err := a.Sealer.Open(sealed, place)
	if err != nil {
		return nil, errCiphertext
	}
	if awsapi.Value(in.DryRun) {
		return nil, errDryRun
	}
	return &DecryptOutput{KeyId: &arn, Plaintext: plain, EncryptionAlgorithm: awsapi.Ptr(symmetric)}, nil
}

// Encrypt returns a message of the AWS Encryption SDK in base64 that holds plain, under
// a key, for functions of a pool.
func (a *API) Encrypt(pool userpool.PoolID, arn string, plain []byte) (string, error) {
	message, err := esdk.Encrypt(plain, map[string]string{"userpool-id": string(pool)},
		func(key []byte, context map[string]string) (esdk.DataKey, error) {
			wrapped, err := a.wrap(arn, key, context)
			return esdk.DataKey{Provider: "aws-kms", Info: arn, Wrapped: wrapped}, err
		})
	return base64.StdEncoding.EncodeToString(message), err
}

// wrap returns a ciphertext: the version 1, the ARN behind its length, and the
// sealed key.
func (a *API) wrap(arn string, key []byte, context map[string]string) ([]byte, error) {
	place, err := placeOf(arn, context)
	if err != nil {
		return nil, err
	}
	sealed, err := a.Sealer.Seal(key, place)
	if err != nil {
		return nil, err
	}
	head := append(binary.BigEndian.AppendUint16([]byte{version}, uint16(len(arn))), arn...)
	return slices.Concat(head, sealed), nil
}

const version = 1

// split takes a ciphertext apart.
func split(blob []byte) (arn string, sealed []byte, ok bool) {
	if len(blob) < 3 || blob[0] != version {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(blob[1:]))
	if n == 0 || len(blob) < 3+n {
		return "", nil, false
	}
	return string(blob[3 : 3+n]), blob[3+n:], true
}

// placeOf is what a sealed key is bound to.
func placeOf(arn string, context map[string]string) (string, error) {
	encoded, err := esdk.Context(context)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(encoded)
	return "kms/" + arn + "/" + base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
