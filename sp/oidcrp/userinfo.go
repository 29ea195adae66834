package oidcrp

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/outbound"
)

// userInfo reads the UserInfo endpoint, where there is one. It must speak of the
// subject of the ID token (OpenID Connect Core 1.0 section 5.3.2).
func userInfo(ctx context.Context, v *visit) (string, error) {
	subject := v.id.text("sub")
	if v.at.userinfo == "" {
		return subject, nil
	}
	address := v.at.userinfo
	if v.details["attributes_url_add_attributes"] == "true" { // the provider wants to be asked for each
		address = withFields(address, v.mapped())
	}
	var err error
	if v.info, err = v.ask(ctx, address); err != nil {
		return "", err
	}
	if v.info.ambiguous() || v.info.text("sub") != subject {
		return "", invalid("the user info is of somebody else")
	}
	return subject, nil
}

// ask reads claims with the access token.
func (v *visit) ask(ctx context.Context, address string) (object, error) {
	answer, err := v.get(ctx, address)
	if err != nil {
		return nil, ofCall("the user info", err)
	}
	if answer.Status != http.StatusOK {
		return nil, ofStatus("the user info", answer.Status)
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind == "application/jwt" {
		return v.signed(ctx, string(answer.Body))
	}
	o, err := parseObject(answer.Body)
	if err != nil {
		return nil, invalid("the user info: %v", err)
	}
	return o, nil
}

// get calls an address as attributes_request_method says.
func (v *visit) get(ctx context.Context, address string) (*outbound.Answer, error) {
	header := http.Header{"Authorization": {"Bearer " + v.tokens.access}, "Accept": {"application/json"}}
	if v.details["attributes_request_method"] != http.MethodPost {
		return v.upstream.client.Get(ctx, address, header, limits.Bytes)
	}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.upstream.client.Call(ctx, address, header, nil, limits.Bytes)
}

// mapped are the provider's claims that attributes are mapped to.
func (v *visit) mapped() []string {
	var names []string
	for _, name := range v.provider.Mapping {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// withFields appends names to an address that ends where they belong, as
// "…/me?fields=" does.
func withFields(address string, names []string) string {
	return address + url.QueryEscape(strings.Join(names, ","))
}
