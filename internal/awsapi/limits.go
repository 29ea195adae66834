package awsapi

import (
	"errors"
	"io"
	"net/http"
)

// Limits of request bodies, in bytes.
const (
	defaultLimit = 1 << 20
	recordsLimit = 8 << 20    // 1024 records, at most 1 MB of text but escaped
	largeLimit   = 10_000_000 // of STS on the live service; metadata and images
)

// largeBodiesAtOnce bounds the memory that callers can fill before they have
// proved who they are. Another large body waits for its turn.
const largeBodiesAtOnce = 8

// largeBodies are the operations that carry metadata, images or records.
var largeBodies = map[string]int64{
	"cognito-sync/UpdateRecords":             recordsLimit,
	"iam/CreateSAMLProvider":                 largeLimit,
	"iam/UpdateSAMLProvider":                 largeLimit,
	"cognito-idp/CreateIdentityProvider":     largeLimit,
	"cognito-idp/UpdateIdentityProvider":     largeLimit,
	"cognito-idp/CreateManagedLoginBranding": largeLimit,
	"cognito-idp/UpdateManagedLoginBranding": largeLimit,
	"cognito-idp/SetUICustomization":         largeLimit,
	"poolhouse/CreateSamlApplication":        largeLimit,
	"poolhouse/UpdateSamlApplication":        largeLimit,
}

func bodyLimit(service, op string) int64 {
	if service == "sts" {
		return largeLimit
	}
	if n, ok := largeBodies[service+"/"+op]; ok {
		return n
	}
	return defaultLimit
}

var errTooLarge = errors.New("awsapi: request body too large")

// readBody appends the body of r to got until it ends. It returns errTooLarge,
// with what was read, where the whole is longer than limit.
func readBody(r *http.Request, got []byte, limit int64) ([]byte, error) {
	if got == nil {
		// The length is a claim: trust it for a page, not for megabytes.
		got = make([]byte, 0, min(max(r.ContentLength, 0), 64<<10)+1)
	}
	for {
		if int64(len(got)) > limit {
			return got, errTooLarge
		}
		if len(got) == cap(got) {
			got = append(got, 0)[:len(got)]
		}
		n, err := r.Body.Read(got[len(got):cap(got)])
		got = got[:len(got)+n]
		if err == io.EOF {
			if int64(len(got)) > limit {
				return got, errTooLarge
			}
			return got, nil
		}
		if err != nil {
			return got, err
		}
	}
}
