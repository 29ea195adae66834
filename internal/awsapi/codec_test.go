package awsapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// everything has a member of each kind; its model is built by hand.
type everything struct {
	Text  *string
	Int   *int32
	Long  *int64
	Real  *float64
	Flag  *bool
	Time  *time.Time
	Blob  []byte
	Names []string
	Tags  map[string]string
	Inner *inner
	Many  []inner
	Doc   json.RawMessage
}

type inner struct {
	Name  *string
	Inner *inner // contains itself
}

var everythingModel = &models.Model{Shapes: []models.Shape{
	{Name: "Everything", Kind: models.Structure, Members: []models.Member{
		{Name: "Text", Shape: 1}, {Name: "Int", Shape: 2}, {Name: "Long", Shape: 3}, {Name: "Real", Shape: 4},
		{Name: "Flag", Shape: 5}, {Name: "Time", Shape: 6}, {Name: "Blob", Shape: 7}, {Name: "Names", Shape: 8},
		{Name: "Tags", Shape: 9}, {Name: "Inner", Shape: 10}, {Name: "Many", Shape: 11}, {Name: "Doc", Shape: 12},
	}},
	{Name: "Text", Kind: models.String}, {Name: "Int", Kind: models.Integer}, {Name: "Long", Kind: models.Long},
	{Name: "Real", Kind: models.Double}, {Name: "Flag", Kind: models.Boolean}, {Name: "Time", Kind: models.Timestamp},
	{Name: "Blob", Kind: models.Blob}, {Name: "Names", Kind: models.List, Elem: 1},
	{Name: "Tags", Kind: models.Map, Key: 1, Elem: 1},
	{Name: "Inner", Kind: models.Structure, Members: []models.Member{{Name: "Name", Shape: 1}, {Name: "Inner", Shape: 10}}},
	{Name: "Many", Kind: models.List, Elem: 10}, {Name: "Doc", Kind: models.Document},
}}

func bindTest[T any](t testing.TB, m *models.Model, shape int) *node {
	t.Helper()
	n, err := (&binder{model: m, done: map[binding]*node{}}).bind(shape, reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func decodeEverything(t testing.TB, body string) (*everything, error) {
	t.Helper()
	in := new(everything)
	err := decodeJSON(bindTest[everything](t, everythingModel, 0), []byte(body), reflect.ValueOf(in).Elem())
	return in, err
}

func TestJSONRoundTrip(t *testing.T) {
	const body = `{"Text":"a\"\\\n\u0001é😀","Int":-3,"Long":9007199254740993,"Real":1.5,"Flag":true,"Time":1689721665.239,` +
		`"Blob":"AQI=","Names":["x","y"],"Tags":{"a":"1","b":""},"Inner":{"Name":"n","Inner":{}},"Many":[{},{"Name":"m"}],"Doc":{"a":[1,null]}}`
	in, err := decodeEverything(t, body)
	if err != nil {
		t.Fatal(err)
	}
	got := appendJSON(nil, bindTest[everything](t, everythingModel, 0), reflect.ValueOf(in).Elem())
	if string(got) != body {
		t.Errorf("got  %s\nwant %s", got, body)
	}
}

func TestJSONReads(t *testing.T) {
	at := time.UnixMilli(1689721665239).UTC()
	for _, tt := range []struct {
		name, body string
		want       everything
	}{
		{"empty body", " ", everything{}},
		{"null is absent", `{"Text":null,"Names":null,"Tags":null,"Inner":null,"Doc":null}`, everything{}},
		{"null in a map is absent", `{"Tags":{"a":null}}`, everything{Tags: map[string]string{}}},
		{"empty list is there", `{"Names":[]}`, everything{Names: []string{}}},
		{"unknown members", `{"Nope":{"a":[true,false,null,-1.5e3,"x"]},"Int":1}`, everything{Int: Ptr(int32(1))}},
		{"exponent", `{"Time":1.689721665239E9}`, everything{Time: &at}},
		{"ISO time", `{"Time":"2023-07-18T23:07:45.239Z"}`, everything{Time: &at}},
		{"surrogate pair", `{"Text":"\ud83d\ude00\/"}`, everything{Text: Ptr("😀/")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, err := decodeEverything(t, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*in, tt.want) {
				t.Errorf("got %+v, want %+v", *in, tt.want)
			}
		})
	}
}

func TestJSONRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"no object":           `[]`,
		"text":                `"x"`,
		"cut":                 `{"Text":"a`,
		"cut after colon":     `{"Text":`,
		"trailing":            `{} x`,
		"trailing comma":      `{"Text":"a",}`,
		"single quotes":       `{'Text':'a'}`,
		"bad UTF-8":           "{\"Text\":\"\xff\"}",
		"control character":   "{\"Text\":\"\n\"}",
		"half surrogate":      `{"Text":"\ud83d"}`,
		"two high surrogates": `{"Text":"\ud83d\ud83d"}`,
		"NUL":                 `{"Text":"\u0000"}`,
		"bad escape":          `{"Text":"\x41"}`,
		"number as text":      `{"Text":5}`,
		"boolean as text":     `{"Text":true}`,
		"object as text":      `{"Text":{}}`,
		"text as number":      `{"Int":"5"}`,
		"fraction":            `{"Int":1.5}`,
		"overflow":            `{"Int":2147483648}`,
		"leading zero":        `{"Int":01}`,
		"text as boolean":     `{"Flag":"true"}`,
		"time out of range":   `{"Time":1e300}`,
		"bad base64":          `{"Blob":"%%"}`,
		"null in a list":      `{"Names":[null]}`,
		"list as map":         `{"Tags":[]}`,
		"member twice":        `{"Text":"a","Text":"b"}`,
		"key twice":           `{"Tags":{"a":"1","a":"2"}}`,
		"too deep":            `{"Nope":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
		"bad literal":         `{"Flag":truth}`,
		"bad document":        `{"Doc":{"a":}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeEverything(t, body)
			var e *Error
			if !errors.As(err, &e) || e.Code != "SerializationException" || e.Status != 400 || e.Message == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestJSONTexts(t *testing.T) {
	for body, want := range map[string]string{
		`{"Text":5}`:   "NUMBER_VALUE can not be converted to a String",
		`{"Int":"5"}`:  "STRING_VALUE can not be converted to an Integer",
		`{"Text":[]}`:  "Start of list found where not expected.",
		`{"Names":{}}`: "Start of structure or map found where not expected.",
	} {
		_, err := decodeEverything(t, body)
		var e *Error
		if !errors.As(err, &e) || e.Message != want {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	n := bindTest[everything](f, everythingModel, 0)
	for _, s := range []string{`{"Text":"a","Many":[{"Inner":{}}]}`, `{"Doc":[1e5,"\ud83d\ude00"],"Time":1.5}`, `{"Tags":{"a":"b"},"Blob":"AQI="}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in := new(everything)
		if err := decodeJSON(n, body, reflect.ValueOf(in).Elem()); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		if len(strings.TrimSpace(string(body))) > 0 && !json.Valid(body) {
			t.Fatalf("accepted what is no JSON: %q", body)
		}
		if out := appendJSON(nil, n, reflect.ValueOf(in).Elem()); !json.Valid(out) {
			t.Fatalf("wrote what is no JSON: %q", out)
		}
	})
}

func decodeForm(t testing.TB, raw string) (*everything, error) {
	t.Helper()
	in := new(everything)
	f, err := parseForm(raw)
	if err == nil {
		err = f.structure(bindTest[everything](t, everythingModel, 0), "", reflect.ValueOf(in).Elem())
	}
	return in, err
}

func TestQueryReads(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      everything
	}{
		{"first scalar wins", "Text=a&Text=b", everything{Text: Ptr("a")}},
		{"signs and zeros", "Int=%2B0900&Long=007", everything{Int: Ptr(int32(900)), Long: Ptr(int64(7))}},
		{"empty text", "Text=", everything{Text: Ptr("")}},
		{"unknown parameter", "Nope.member.1=x&Flag=true", everything{Flag: Ptr(true)}},
		{"list in numeric order, with a gap", "Names.member.10=b&Names.member.2=a", everything{Names: []string{"a", "b"}}},
		{"empty list", "Names=", everything{Names: []string{}}},
		{"structures", "Many.member.1.Name=x&Many.member.2.Inner.Name=y&Inner.Name=z", everything{
			Many: []inner{{Name: Ptr("x")}, {Inner: &inner{Name: Ptr("y")}}}, Inner: &inner{Name: Ptr("z")}}},
		{"map", "Tags.entry.1.key=a&Tags.entry.1.value=b", everything{Tags: map[string]string{"a": "b"}}},
		{"plus is a space", "Text=a+b%2B", everything{Text: Ptr("a b+")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, err := decodeForm(t, tt.raw)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*in, tt.want) {
				t.Errorf("got %+v, want %+v", *in, tt.want)
			}
		})
	}
}

func TestQueryRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"overflow": "Int=2147483648", "decimal": "Int=1.0", "letters": "Int=x", "boolean": "Flag=yes",
		"bad escape": "Text=%zz", "bad UTF-8": "Text=%ff", "NUL": "Text=%00", "below a scalar": "Text.a=1",
		"list without member": "Names.1=a", "list as scalar": "Names=a", "index": "Names.member.x=a",
		"index with zeros": "Names.member.01=a", "index zero": "Names.member.0=a", "structure as element": "Names.member.1.x=a",
		"key twice":         "Tags.entry.1.key=a&Tags.entry.1.value=b&Tags.entry.2.key=a&Tags.entry.2.value=c",
		"nested too deeply": strings.Repeat("Inner.", 100) + "Name=x",
		"entry with no key": "Tags.entry.1.value=b", "entry without value": "Tags.entry.1.key=b",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeForm(t, raw)
			var e *Error
			if !errors.As(err, &e) || e.Code != "MalformedInput" || e.Status != 400 {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzQuery(f *testing.F) {
	n := bindTest[everything](f, everythingModel, 0)
	f.Add("Text=a&Names.member.1=b&Tags.entry.1.key=a&Tags.entry.1.value=b")
	f.Add("Many.member.2.Inner.Inner.Name=%C3%A9&Int=%2B1")
	f.Fuzz(func(t *testing.T, raw string) {
		in := new(everything)
		fm, err := parseForm(raw)
		if err == nil {
			err = fm.structure(n, "", reflect.ValueOf(in).Elem())
		}
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("not an *Error: %v", err)
		}
	})
}

func TestXMLText(t *testing.T) {
	got := string(appendXMLText(nil, "a<b>&\"c\"\r\n\x01\xff\uFFFE"))
	if want := "a&lt;b&gt;&amp;&quot;c&quot;&#xD;\n\uFFFD\uFFFD\uFFFD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEpoch(t *testing.T) {
	for want, at := range map[string]time.Time{
		"1689721665.239": time.UnixMicro(1689721665239700), "1689721665": time.Unix(1689721665, 0),
		"1689721665.05": time.UnixMilli(1689721665050), "-5": time.Unix(-5, 0), "0": time.Unix(0, 0),
	} {
		if got := string(appendEpoch(nil, at)); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}

func TestBindRefusesAWrongType(t *testing.T) {
	b := &binder{model: everythingModel, done: map[binding]*node{}}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[struct{ Name *int }](), reflect.TypeFor[struct{ Inner *inner }](),
		reflect.TypeFor[struct {
			Name  string
			Inner *inner
		}](),
	} {
		if _, err := b.bind(10, typ); err == nil {
			t.Errorf("%v was accepted", typ)
		}
	}
}
