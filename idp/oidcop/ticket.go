package oidcop

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
)

const (
	ticketLife = 10 * time.Minute // to read a page and press a button
	ticketHead = 16               // bytes: eight say until when, eight make it unlike any other
	nsTicket   = "consent-ticket"
)

// errTicket says that an answer does not belong to what this session was shown.
var errTicket = errors.New("oidcop: the answer is for another request, another session, or too late")

// ticket says until when this session may answer this very request: an answer cannot
// be taken to another user's session, nor to a request that asks for more (S22).
func (h *Handler) ticket(req *request, s *idp.Session) string {
	head := make([]byte, ticketHead)
	binary.BigEndian.PutUint64(head, uint64(h.Now().Add(ticketLife).Unix()))
	rand.Read(head[8:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(h.ticketMAC(head, req, s))
}

// ticketMAC appends to the head of a ticket what binds it.
func (h *Handler) ticketMAC(head []byte, req *request, s *idp.Session) []byte {
	asked := sha256.Sum256([]byte(req.lasting().Encode()))
	mac := hmac.New(sha256.New, h.ConsentKey)
	for _, part := range [][]byte{head, []byte(req.pool.ID), []byte(s.ID), asked[:]} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write(part)
	}
	return mac.Sum(head)
}

// spend accepts a ticket once, or returns errTicket.
func (h *Handler) spend(ctx context.Context, req *request, s *idp.Session, ticket string) error {
	raw, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil || len(raw) != ticketHead+sha256.Size {
		return errTicket
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)
	if !hmac.Equal(h.ticketMAC(raw[:ticketHead:ticketHead], req, s), raw) || !h.Now().Before(until) {
		return errTicket
	}
	// By its bytes: a ticket has more spellings than one, with line breaks for instance.
	first, err := h.Requests.Ephemeral.Claim(ctx, nsTicket, string(req.pool.ID)+"/"+hex.EncodeToString(raw), until)
	if err == nil && !first {
		err = errTicket
	}
	return err
}

// over is the page for an answer that cannot be taken any more.
func over(err error) error {
	if errors.Is(err, errTicket) || errors.Is(err, idp.ErrSessionNotFound) {
		return web.Fail(http.StatusBadRequest, "This form is no longer valid. Go back, reload the page and try again.", err)
	}
	return err
}
