package oidcop

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/idp/requestobject"
	"github.com/poolhouse/poolhouse/userpool"
)

// receive finds the parameters that count: those of the query or, where it names a
// pushed request or has a signed one, of that alone (RFC 9101 section 6.3). It
// returns a request whose answers may go to the app, or an *untrusted.
func (h *Handler) receive(ctx context.Context, pool *userpool.Pool, query url.Values) (*request, error) {
	if !query.Has("request") && !query.Has("request_uri") {
		return h.trust(ctx, pool, query)
	}
	for _, name := range []string{"client_id", "request", "request_uri", "response_type"} {
		if len(query[name]) > 1 {
			return nil, &untrusted{"invalid_request"}
		}
	}
	if uri := query.Get("request_uri"); pushed.IsName(uri) && !query.Has("request") {
		return h.receivePushed(ctx, pool, query.Get("client_id"), uri)
	}
	return h.receiveObject(ctx, pool, query)
}

// receivePushed takes up a request that waits here. It is bound to its client; without
// one it is as if it did not exist.
func (h *Handler) receivePushed(ctx context.Context, pool *userpool.Pool, client, uri string) (*request, error) {
	kept, err := h.Requests.Load(ctx, pool.ID, userpool.ClientID(client), uri)
	if errors.Is(err, pushed.ErrNotFound) {
		return nil, &untrusted{"invalid_request_uri"}
	}
	if err != nil {
		return nil, err
	}
	req, err := h.trust(ctx, pool, kept.Params)
	if err == nil {
		req.kept = kept
	}
	return req, err
}

// receiveObject takes the parameters from a request object. If that cannot be trusted
// the app hears of it where the plain parameters lead, if they lead anywhere.
func (h *Handler) receiveObject(ctx context.Context, pool *userpool.Pool, query url.Values) (*request, error) {
	client, err := h.client(ctx, pool, query.Get("client_id"))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil, &untrusted{"invalid_client"}
	}
	if err != nil {
		return nil, err
	}
	params, err := h.readObject(ctx, client, query)
	if err != nil {
		e, ok := publicError(err)
		if !ok {
			return nil, err
		}
		req, outer := h.trust(ctx, pool, query)
		if outer != nil {
			return nil, &untrusted{e.Code}
		}
		req.refused = err
		return req, nil
	}
	req, err := h.trust(ctx, pool, params)
	if err == nil {
		req.kept = &pushed.Request{Client: client.ID, Params: params, Signed: true}
	}
	return req, err
}

// readObject verifies a request object. What OpenID Connect wants to stand outside as
// well must be the same there (Core section 6.1).
func (h *Handler) readObject(ctx context.Context, client *userpool.Client, outer url.Values) (params url.Values, err error) {
	raw, uri := outer.Get("request"), outer.Get("request_uri")
	switch {
	case outer.Has("request") && outer.Has("request_uri"):
		return nil, oauthFail("invalid_request", "request and request_uri are given both.")
	case raw != "":
		params, err = h.Objects.Read(ctx, client, raw)
	case uri != "" && client.OpenID.FAPI:
		return nil, oauthFail("request_uri_not_supported", "The request must be pushed.")
	case uri != "":
		params, err = h.Objects.ReadFrom(ctx, client, uri)
	default:
		return nil, oauthFail("invalid_request", "The request object is empty.")
	}
	if err != nil {
		return nil, objectError(err)
	}
	if kind := outer.Get("response_type"); kind != "" && !sameType(kind, params.Get("response_type")) {
		return nil, oauthFail("invalid_request", "response_type differs from the request object's.")
	}
	params.Set("client_id", string(client.ID))
	return params, nil
}

// objectError gives what is wrong with a request object the form that the app may see.
func objectError(err error) error {
	var refused *requestobject.Error
	if errors.As(err, &refused) {
		return errors.Join(oauthFail(refused.Code, refused.Description), err)
	}
	return err
}

// use uses up what the request was kept as, and so the request: from here on nobody
// else gets an answer to it.
func (h *Handler) use(ctx context.Context, req *request) error {
	if req.kept == nil {
		return nil
	}
	err := h.Requests.Use(ctx, req.pool.ID, req.kept)
	if errors.Is(err, pushed.ErrNotFound) {
		return &untrusted{"invalid_request_uri"}
	}
	return err
}

func sameType(a, b string) bool {
	kindA, okA := readResponseType(a)
	kindB, okB := readResponseType(b)
	return okA && okB && kindA == kindB || strings.TrimSpace(a) == strings.TrimSpace(b)
}
