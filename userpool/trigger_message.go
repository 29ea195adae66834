package userpool

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The placeholders that a function's texts may have, as its event names them.
const (
	placeCode = "{####}"
	placeLink = "{##Click Here##}"
	placeName = "{username}"
)

// The longest texts of a function, in characters.
const (
	maxSMS     = 140
	maxEmail   = 20000
	maxSubject = 140
)

// A customText is what a function wrote of a message. What is empty is the pool's
// own text: in some languages functions cannot leave a member out.
type customText struct {
	SMS     *string `json:"smsMessage"`
	Email   *string `json:"emailMessage"`
	Subject *string `json:"emailSubject"`
}

// customMessage asks for the text of a message that goes out by the mediums. The
// function never sees the code: it stands in for it by a placeholder.
func (t *Triggers) customMessage(ctx context.Context, n notice, mediums ...string) (customText, error) {
	request := struct {
		subject
		Code   string            `json:"codeParameter"`
		Link   string            `json:"linkParameter"`
		Name   *string           `json:"usernameParameter"`
		Client map[string]string `json:"clientMetadata"`
	}{n.pool.about(n.user), placeCode, placeLink, nil, metadataOf(ctx).Client}
	needed := []string{placeCode}
	if n.kind == "invite" {
		name := placeName
		request.Name, needed = &name, append(needed, placeName)
	}
	var out customText
	_, err := t.run(ctx, n.pool, triggerMessage, newEvent("CustomMessage_"+n.why, n.client, n.user.Username, request), &out)
	if err != nil {
		return customText{}, err
	}
	return out, out.check(mediums, needed, n.byLink())
}

// check refuses texts that are too long, or could not bring what they are for. In a
// mail that verifies by link, the link is as good as the code.
func (c customText) check(mediums, needed []string, byLink bool) error {
	for _, text := range []struct {
		name, medium string
		value        *string
		max          int
		needed       []string
	}{
		{"smsMessage", "SMS", c.SMS, maxSMS, needed},
		{"emailMessage", "EMAIL", c.Email, maxEmail, needed},
		{"emailSubject", "EMAIL", c.Subject, maxSubject, nil},
	} {
		if deref(text.value) == "" || !slices.Contains(mediums, text.medium) {
			continue
		}
		if utf8.RuneCountInString(*text.value) > text.max {
			return Fail(ErrInvalidLambdaResponse, fmt.Sprintf("CustomMessage wrote an %s of more than %d characters.", text.name, text.max))
		}
		for _, place := range text.needed {
			if byLink && text.medium == "EMAIL" && place == placeCode && linkPlace.MatchString(*text.value) {
				continue
			}
			if !strings.Contains(*text.value, place) {
				return Fail(ErrInvalidLambdaResponse, "CustomMessage wrote an "+text.name+" without "+place+".")
			}
		}
	}
	return nil
}

// over returns the message with the texts of the function in place of its own.
func (c customText) over(m Message, medium string) Message {
	if medium == "SMS" {
		m.Body = cmp.Or(deref(c.SMS), m.Body)
		return m
	}
	m.Subject, m.Body = cmp.Or(deref(c.Subject), m.Subject), cmp.Or(deref(c.Email), m.Body)
	return m
}
