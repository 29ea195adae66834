package oidcrp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// google is OpenID Connect, with more about a person in the People API.
var google = dialect{
	openid: true,
	details: func(*userpool.Provider) map[string]string {
		return map[string]string{
			"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "token_url": "https://www.googleapis.com/oauth2/v4/token",
			"token_request_method": "POST", "oidc_issuer": "https://accounts.google.com",
			"attributes_url": "https://people.googleapis.com/v1/people/me?personFields=", "attributes_url_add_attributes": "true",
		}
	},
	ask:     askGoogle,
	profile: people,
	judge:   judgeGoogle,
}

// askGoogle asks Google, which signs nobody in anew: it lets the person choose.
func askGoogle(q url.Values, a *sp.Ask) {
	if a.Force {
		q.Set("prompt", "select_account")
	}
	setUnlessEmpty(q, "login_hint", a.Hint)
	if len(a.Locales) > 0 {
		q.Set("hl", a.Locales[0])
	}
	if t := a.Provider.Settings.OIDC.Tenants; len(t) == 1 {
		q.Set("hd", t[0])
	}
}

// personFields are what the People API has and the ID token has not.
var personFields = []string{"addresses", "ageRanges", "biographies", "birthdays", "coverPhotos", "emailAddresses", "genders", "locales",
	"names", "nicknames", "occupations", "organizations", "phoneNumbers", "photos", "urls"}

// people reads the fields of the People API that attributes are mapped to. Most
// providers need none: then it is not asked.
func people(ctx context.Context, v *visit) (string, error) {
	subject := v.id.text("sub")
	fields := slices.DeleteFunc(v.mapped(), func(name string) bool { return !slices.Contains(personFields, name) })
	if len(fields) == 0 || v.at.userinfo == "" {
		return subject, nil
	}
	person, err := v.ask(ctx, withFields(v.at.userinfo, fields))
	if err != nil {
		return "", err
	}
	if person.text("resourceName") != "people/"+subject {
		return "", invalid("the People API speaks of somebody else")
	}
	v.info = object{}
	for _, field := range fields {
		if raw := primary(person[field]); raw != nil {
			v.info[field] = raw
		}
	}
	return subject, nil
}

// A personField is an entry of a field of the People API; each field has its own
// few of these.
type personField struct {
	Metadata struct {
		Primary bool `json:"primary"`
	} `json:"metadata"`
	Value       string `json:"value"`
	DisplayName string `json:"displayName"`
	Formatted   string `json:"formattedValue"`
	Name        string `json:"name"`
	URL         string `json:"url"`
	AgeRange    string `json:"ageRange"`
	Date        struct {
		Year  int `json:"year"`
		Month int `json:"month"`
		Day   int `json:"day"`
	} `json:"date"`
}

// primary is the entry that the person chose, else the first, as text.
func primary(raw json.RawMessage) json.RawMessage {
	var entries []personField
	if json.Unmarshal(raw, &entries) != nil || len(entries) == 0 {
		return nil
	}
	e := entries[max(0, slices.IndexFunc(entries, func(e personField) bool { return e.Metadata.Primary }))]
	text := cmp.Or(e.Value, e.DisplayName, e.Formatted, e.Name, e.URL, e.AgeRange)
	if text == "" && e.Date.Year > 0 {
		text = fmt.Sprintf("%04d-%02d-%02d", e.Date.Year, e.Date.Month, e.Date.Day)
	}
	if text == "" {
		return nil
	}
	encoded, _ := json.Marshal(text) // a text
	return encoded
}

// judgeGoogle refuses who is of no tenant that may come, and takes Google's word
// for an address only where Google is the one who gives it out: to its own mailbox
// or to the domain of a Workspace. Any other was verified once, and may have had
// another owner since.
func judgeGoogle(v *visit, claims map[string][]string) error {
	hd := v.id.text("hd")
	if !admits(v.provider, hd) {
		return fmt.Errorf("%w: %.100q is not among the domains that may sign in", sp.ErrRefused, hd)
	}
	_, domain, _ := strings.Cut(strings.ToLower(first(claims, "email")), "@")
	if domain != "gmail.com" && (hd == "" || domain != strings.ToLower(hd)) {
		unverified(claims)
	}
	return nil
}
