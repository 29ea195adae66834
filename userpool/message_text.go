package userpool

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// A TextKind says what a text is for.
type TextKind string

// The texts of a pool.
const (
	TextVerification TextKind = "VERIFICATION" // a code that proves an address
	TextInvitation   TextKind = "INVITATION"   // a temporary password
	TextSignIn       TextKind = "SIGN_IN_CODE" // a code of a sign-in
	TextCodesMade    TextKind = "RECOVERY_CODES_MADE"
	TextCodeUsed     TextKind = "RECOVERY_CODE_USED"
	textWelcome      TextKind = "WELCOME" // to a user who came with a password
	textLink         TextKind = "LINK"    // a link that proves an address
)

// A LocalText is the text of a message in one language.
type LocalText struct {
	Kind   TextKind
	Medium string // EMAIL or SMS
	Locale string // language tag (BCP 47): de, pt-BR, zh-Hant
	Message
}

// What users are told of their recovery codes.
const (
	codesMade = "New recovery codes were made for your account; the old ones are dead. If this was not you, change your password."
	codeUsed  = "Somebody signed in to your account with a recovery code. If this was not you, change your password."
)

// defaultTexts are the texts of pools that have none.
var defaultTexts = map[TextKind]map[string]Message{
	TextVerification: {
		"EMAIL": {"Your verification code", "Your verification code is {####}. "},
		"SMS":   {"", "Your verification code is {####}. "},
	},
	TextInvitation: {
		"EMAIL": {"Your temporary password", "Your username is {username} and temporary password is {####}. "},
		"SMS":   {"", "Your username is {username} and temporary password is {####}. "},
	},
	TextSignIn: {
		"EMAIL": {"Your sign-in code", "Your sign-in code is {####}. "},
		"SMS":   {"", "Your authentication code is {####}. "},
	},
	TextCodesMade: {
		"EMAIL": {"New recovery codes", codesMade},
		"SMS":   {"", codesMade},
	},
	TextCodeUsed: {
		"EMAIL": {"A recovery code was used", codeUsed},
		"SMS":   {"", codeUsed},
	},
	textLink: {
		"EMAIL": {"Your verification link", "Please click the link below to verify your email address. {##Verify Your Email##} "},
	},
	textWelcome: {
		"EMAIL": {"Your account", "Your account was moved. Your username is {username}. "},
		"SMS":   {"", "Your account was moved. Your username is {username}. "},
	},
}

func (m Message) or(d Message) Message {
	if m.Subject == "" {
		m.Subject = d.Subject
	}
	if m.Body == "" {
		m.Body = d.Body
	}
	return m
}

// text returns the pool's text in no language in particular.
func (p *Pool) text(kind TextKind, medium string) Message {
	own := map[TextKind]map[string]Message{
		TextVerification: {"EMAIL": p.VerificationEmail, "SMS": {Body: p.VerificationSMS}},
		TextInvitation:   {"EMAIL": p.InviteEmail, "SMS": {Body: p.InviteSMS}},
		TextSignIn:       {"EMAIL": p.MFAEmail, "SMS": {Body: p.MFASMS}},
		textLink:         {"EMAIL": p.LinkEmail},
	}
	return own[kind][medium].or(defaultTexts[kind][medium])
}

// textFor returns the text for a user: in the language of the attribute locale, or
// that of the page which the user is at, or in none in particular.
func (p *Pool) textFor(ctx context.Context, kind TextKind, medium string, u *User) Message {
	if len(p.Texts) == 0 {
		return p.text(kind, medium)
	}
	for _, tag := range append([]string{u.Attributes["locale"]}, languagesOf(ctx)...) {
		if m, ok := p.localText(kind, medium, tag); ok {
			return m.or(p.text(kind, medium))
		}
	}
	return p.text(kind, medium)
}

// localText looks a language up as RFC 4647 section 3.4 says: de-CH-1996, de-CH, de.
// Many write de_CH.
func (p *Pool) localText(kind TextKind, medium, tag string) (Message, bool) {
	tag = strings.ReplaceAll(tag, "_", "-")
	for tag != "" {
		i := slices.IndexFunc(p.Texts, func(t LocalText) bool {
			return t.Kind == kind && t.Medium == medium && strings.EqualFold(t.Locale, tag)
		})
		if i >= 0 {
			return p.Texts[i].Message, true
		}
		cut := strings.LastIndexByte(tag, '-')
		tag = tag[:max(cut, 0)]
	}
	return Message{}, false
}

type languagesKey struct{}

// WithLanguages returns a context that carries the languages which its request
// prefers, the best first, as language tags.
func WithLanguages(ctx context.Context, tags ...string) context.Context {
	return context.WithValue(ctx, languagesKey{}, tags)
}

func languagesOf(ctx context.Context) []string {
	tags, _ := ctx.Value(languagesKey{}).([]string)
	return tags
}

// markup is what makes a text HTML: a tag, or a comment.
var markup = regexp.MustCompile(`(?i)</?[a-z][a-z0-9]*(\s[^<>]*)?/?>|<!(--|doctype)`)

func isHTML(body string) bool { return markup.MatchString(body) }

// maxTexts is how many local texts a pool may have: five of two mediums in fifty
// languages.
const maxTexts = 500

// PutMessageText sets the text of a message in one language.
func (s *Service) PutMessageText(ctx context.Context, pool PoolID, t LocalText) (LocalText, error) {
	if err := t.check(); err != nil {
		return t, err
	}
	_, err := s.Store.UpdatePool(ctx, pool, func(p *Pool) error {
		p.Texts = append(slices.DeleteFunc(slices.Clone(p.Texts), t.sameAs), t)
		if len(p.Texts) > maxTexts {
			return Fail(ErrLimitExceeded, fmt.Sprintf("A user pool may have %d local texts.", maxTexts))
		}
		p.Modified = s.now()
		return nil
	})
	return t, namedPool(err, pool)
}

// DeleteMessageText deletes the text of a message in one language, else it returns
// ErrNotFound.
func (s *Service) DeleteMessageText(ctx context.Context, pool PoolID, t LocalText) error {
	_, err := s.Store.UpdatePool(ctx, pool, func(p *Pool) error {
		n := len(p.Texts)
		if p.Texts = slices.DeleteFunc(slices.Clone(p.Texts), t.sameAs); len(p.Texts) == n {
			return Fail(ErrNotFound, "The user pool has no such text.")
		}
		p.Modified = s.now()
		return nil
	})
	return namedPool(err, pool)
}

// sameAs reports whether two texts are for the same message in the same language.
func (t LocalText) sameAs(o LocalText) bool {
	return t.Kind == o.Kind && t.Medium == o.Medium && strings.EqualFold(t.Locale, o.Locale)
}

// check refuses a text that could not bring what it is for, and spells its locale
// canonically.
func (t *LocalText) check() error {
	tag, err := language.Parse(t.Locale)
	if err != nil || tag == language.Und {
		return invalid("Locale is not a language tag: %s.", t.Locale)
	}
	t.Locale = tag.String()
	limit, places := maxEmail, []string{placeCode}
	switch t.Kind {
	case TextInvitation:
		places = append(places, placeName)
	case TextCodesMade, TextCodeUsed:
		places = nil // they tell, and bring nothing
	}
	if t.Medium == "SMS" {
		limit = maxSMS
		if t.Subject != "" {
			return invalid("A text message has no subject.")
		}
	}
	if utf8.RuneCountInString(t.Body) > limit || utf8.RuneCountInString(t.Subject) > maxSubject {
		return invalid("The text is longer than %d characters, or its subject than %d.", limit, maxSubject)
	}
	for _, place := range places {
		if !strings.Contains(t.Body, place) {
			return invalid("The text has no %s.", place)
		}
	}
	return nil
}
