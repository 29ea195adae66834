package jose

import (
	"context"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
)

// Verify checks the signature of a JWS in its compact serialization and returns
// its payload. The algorithm must be one of allowed; the keys are those that the
// kid names, of which one must be of the algorithm's kind. What the claims say is
// for the caller to judge. It returns ErrInvalid, or ErrUnavailable where the keys
// cannot be fetched.
func Verify(ctx context.Context, raw string, keys KeySet, allowed []string) (payload []byte, h Header, err error) {
	if h, err = signedHeader(raw, allowed); err != nil {
		return nil, Header{}, err
	}
	candidates, err := keys.Find(ctx, h.KeyID)
	if err != nil {
		return nil, Header{}, err
	}
	err = ErrNoKey
	for i := range candidates {
		if !candidates[i].verifies(h.Algorithm) {
			continue
		}
		if payload, err = check(raw, h.Algorithm, candidates[i].Material); err == nil {
			return payload, h, nil
		}
	}
	return nil, Header{}, err
}

// VerifyEmbedded checks a JWS with the public key that its own header carries, as
// in a DPoP proof (RFC 9449 section 4.2). It says that who made it holds that
// key, and not who that is.
func VerifyEmbedded(raw string, allowed []string) (payload []byte, h Header, key *Key, err error) {
	if h, err = signedHeader(raw, allowed); err != nil {
		return nil, Header{}, nil, err
	}
	if h.JWK == nil {
		return nil, Header{}, nil, invalid("no jwk in the header")
	}
	if key, err = parseKey(h.JWK); err != nil {
		return nil, Header{}, nil, invalid("the jwk of the header: %v", err)
	}
	if !slices.Contains(Asymmetric, h.Algorithm) || !key.verifies(h.Algorithm) {
		return nil, Header{}, nil, ErrNoKey
	}
	if payload, err = check(raw, h.Algorithm, key.Material); err != nil {
		return nil, Header{}, nil, err
	}
	return payload, h, key, nil
}

// Peek returns the header and the payload of a JWS whose signature was not looked
// at: good to find out whose keys to ask for, and nothing else.
func Peek(raw string) (payload []byte, h Header, err error) {
	if h, err = split(raw, 3); err != nil {
		return nil, Header{}, err
	}
	return unverified(raw), h, nil
}

func signedHeader(raw string, allowed []string) (Header, error) {
	h, err := split(raw, 3)
	if err != nil {
		return Header{}, err
	}
	if !slices.Contains(allowed, h.Algorithm) || !slices.Contains(Asymmetric, h.Algorithm) && !slices.Contains(Symmetric, h.Algorithm) {
		return Header{}, invalid("algorithm %q", h.Algorithm)
	}
	return h, nil
}

func check(raw, alg string, material any) ([]byte, error) {
	jws, err := gojose.ParseSignedCompact(raw, []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(alg)})
	if err != nil {
		return nil, invalid("%v", err)
	}
	payload, err := jws.Verify(material)
	if err != nil {
		return nil, invalid("the signature is wrong")
	}
	return payload, nil
}
