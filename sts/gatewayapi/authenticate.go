package gatewayapi

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// What a gateway signs for, and how far its clock may be off.
const (
	scopeRegion  = "us-east-1"
	scopeService = "iam"
	skew         = 15 * time.Minute
)

// authenticate accepts a call that was signed with one of the gateway keys. No
// other key will do, whatever its owner may elsewhere.
func (h *Handler) authenticate(r *http.Request, body []byte) error {
	s, err := sigv4.Parse(r)
	if err == nil {
		err = s.CheckScopeWithin(scopeService, h.Now(), skew)
	}
	if err != nil {
		return h.refuse(r, err)
	}
	if s.Presigned() || s.Region != scopeRegion || s.SessionToken != "" {
		return h.refuse(r, errors.New("signed for something else, or in another way"))
	}
	keys, err := h.Keys(r.Context())
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.SecretAccessKey == "" || subtle.ConstantTimeCompare([]byte(k.AccessKeyID), []byte(s.AccessKeyID)) != 1 {
			continue
		}
		if err := s.Verify(r, body, k.SecretAccessKey, &h.signing); err != nil {
			return h.refuse(r, err)
		}
		return nil
	}
	return h.refuse(r, errors.New("not a gateway key"))
}

// refuse tells the log why. The gateway reads nothing that it does not know.
func (h *Handler) refuse(r *http.Request, err error) error {
	h.Log.Warn("gateway call refused", "path", r.URL.Path, "error", err)
	return &failure{http.StatusForbidden, codeRefused, "The call is not signed with a gateway key."}
}
