// Package samlsoap sends messages of single logout to where they are taken without a
// browser: by SOAP over HTTP (SAML Bindings 3.2).
package samlsoap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// callTime bounds one call: whoever does not answer must not keep a person waiting who
// signs out.
const callTime = 5 * time.Second

// A Caller posts to addresses that metadata names. *outbound.Client does.
type Caller interface {
	Call(ctx context.Context, address string, header http.Header, body []byte, limit int) (*outbound.Answer, error)
}

// A Peer is the other side: its entity ID, where it takes a LogoutRequest by SOAP, and
// what is accepted of it.
type Peer struct {
	Entity, Address string
	Policy          *samlxml.Policy
}

// ErrAnswer is an answer that says nothing, or that is not the peer's.
var ErrAnswer = errors.New("samlsoap: no answer to the LogoutRequest")

// Logout asks a peer to end sessions, and reports whether it says that it did, and that
// all those did whom it told in turn. The answer must be signed by the peer, unless TLS
// has shown who answers (Profiles 4.4.4.2).
func Logout(ctx context.Context, c Caller, signer samlxml.Signer, to Peer, req *samlxml.LogoutRequest) (confirmed bool, err error) {
	raw, err := signer.LogoutSOAP(req, to.Address)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	header := http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "Soapaction": {`"http://www.oasis-open.org/committees/security"`}}
	answer, err := c.Call(ctx, to.Address, header, raw, samlxml.Messages().Bytes)
	if err != nil {
		return false, err
	}
	if answer.Status != http.StatusOK {
		return false, fmt.Errorf("%w: status %d", ErrAnswer, answer.Status)
	}
	res, err := to.read(answer)
	if err != nil {
		return false, err
	}
	if res.Issuer != to.Entity || res.InResponseTo != req.ID {
		return false, fmt.Errorf("%w: it is by %q, to %q", ErrAnswer, res.Issuer, res.InResponseTo)
	}
	return res.Status.Code == saml.StatusSuccess && res.Status.Second != saml.StatusPartialLogout, nil
}

func (to Peer) read(answer *outbound.Answer) (*samlxml.LogoutResponse, error) {
	l, err := samlxml.LogoutAnswerBySOAP(answer.Body)
	if err != nil {
		return nil, err
	}
	err = l.VerifyBy(to.Policy)
	if errors.Is(err, samlxml.ErrNoSignature) && len(answer.Chain) > 0 {
		err = nil
	}
	return l.Response, err
}
