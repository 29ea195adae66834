package oidcrp

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestValues(t *testing.T) {
	for raw, want := range map[string][]string{
		`"a"`: {"a"}, `""`: {""}, `true`: {"true"}, `7`: {"7"}, `1.50`: {"1.50"}, `12345678901234567890`: {"12345678901234567890"}, `null`: nil,
		`["a",1,false,null]`: {"a", "1", "false"}, `[]`: {}, `{"a": [1, 2]}`: {`{"a":[1,2]}`}, `[["a" ],{ "b":1}]`: {`["a"]`, `{"b":1}`},
		``: nil, `"\u0000\ud800"`: {"\x00\ufffd"},
	} {
		if got := values(json.RawMessage(raw)); !slices.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestParseObject(t *testing.T) {
	for raw, want := range map[string]bool{`{}`: true, ` {"a":null} `: true, `null`: false, `[]`: false, `"x"`: false, ``: false, `{"a":1,"a":2}`: false, `{} {}`: false} {
		if o, err := parseObject([]byte(raw)); (o != nil) != want || (err == nil) != want {
			t.Errorf("%s: %v, %v", raw, o, err)
		}
	}
}

// What a provider says is read without a panic, and what it says twice is not read.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{`{"sub":"a","x":[1,{"y":null}]}`, `{"a":1,"a":2}`, `[]`, `null`, `{"aud":["x"],"Sub":1}`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := parseObject(raw)
		if err != nil {
			return
		}
		for name, v := range o.values() {
			if v == nil {
				t.Errorf("%q has no values", name)
			}
		}
		if again, err := parseObject(o.raw()); err != nil || len(again) != len(o) {
			t.Errorf("%s became %s: %v", raw, o.raw(), err)
		}
		o.ambiguous()
		primary(raw)
	})
}

// What a browser says of its user is a name or nothing.
func FuzzAppleName(f *testing.F) {
	for _, seed := range []string{`{"name":{"firstName":"Ada","lastName":"L"},"email":"x@y"}`, `{"name":"x"}`, `{"name":{"firstName":1}}`, "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for name, value := range appleName(raw).values() {
			if !slices.Contains([]string{"firstName", "lastName", "name"}, name) || len(value) != 1 || len(value[0]) > 2*maxName+1 {
				t.Errorf("%q is %q", name, value)
			}
		}
	})
}

// The key file of an administrator is read or refused.
func FuzzAppleKey(f *testing.F) {
	f.Add("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := parseAppleKey(text); (key == nil) == (err == nil) {
			t.Errorf("%v, %v", key, err)
		}
	})
}

// Whatever tenant a token names, it is of the issuer that was asked.
func FuzzTenant(f *testing.F) {
	f.Add("https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0")
	f.Add("https://login.microsoftonline.com/v2.0")
	f.Fuzz(func(t *testing.T, iss string) {
		const before, after = "https://login.microsoftonline.com/", "/v2.0"
		if isTenantOf(iss, before+"organizations"+after) && (len(iss) != len(before)+36+len(after) || iss[:len(before)] != before || iss[len(before)+36:] != after) {
			t.Errorf("%q", iss)
		}
		isTemplateOf(iss, before+"common"+after)
	})
}
