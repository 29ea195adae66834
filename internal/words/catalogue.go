package words

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// A Catalogue is the languages that there are.
type Catalogue struct {
	languages []*Language // the first one stands in for those that there are not
	matcher   language.Matcher
	keys      map[string]string // of the texts of the first language
}

// A Language is the texts of one language.
type Language struct {
	Tag  string // BCP 47
	Name string // in itself
	Dir  string // ltr or rtl

	texts map[string]string
	all   *Catalogue
}

// Parse reads dir/*.json of fsys: objects of objects of texts, in a file named by
// its language. first is the tag of the language that the others are measured by.
func Parse(fsys fs.FS, dir, first string) (*Catalogue, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	c := &Catalogue{keys: map[string]string{}}
	for _, file := range files {
		l, err := parseLanguage(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("words: %s: %w", file, err)
		}
		l.all = c
		c.languages = append(c.languages, l)
	}
	i := slices.IndexFunc(c.languages, func(l *Language) bool { return l.Tag == first })
	if i < 0 {
		return nil, fmt.Errorf("words: no %s among %q", first, files)
	}
	c.languages[0], c.languages[i] = c.languages[i], c.languages[0]
	slices.SortFunc(c.languages[1:], func(a, b *Language) int { return strings.Compare(a.Tag, b.Tag) })
	return c, c.finish()
}

// finish compares the languages with the first one and makes them findable.
func (c *Catalogue) finish() error {
	base := c.languages[0]
	var tags []language.Tag
	for _, l := range c.languages {
		if err := l.agreesWith(base); err != nil {
			return fmt.Errorf("words: %s: %w", l.Tag, err)
		}
		tags = append(tags, language.Make(l.Tag))
	}
	c.matcher = language.NewMatcher(tags)
	for _, key := range slices.Sorted(maps.Keys(base.texts)) {
		c.keys[base.texts[key]] = key
	}
	return nil
}

func parseLanguage(fsys fs.FS, file string) (*Language, error) {
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	var sections map[string]map[string]string
	if err := json.Unmarshal(raw, &sections); err != nil {
		return nil, err
	}
	l := &Language{Tag: strings.TrimSuffix(path.Base(file), ".json"), texts: map[string]string{}}
	for section, texts := range sections {
		for name, text := range texts {
			l.texts[section+"."+name] = text
		}
	}
	l.Name, l.Dir = l.texts["language.name"], l.texts["language.direction"]
	if l.Dir != "ltr" && l.Dir != "rtl" {
		return nil, errors.New("language.direction is neither ltr nor rtl")
	}
	return l, nil
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// agreesWith refuses a language that has other texts than base, or other
// placeholders in them.
func (l *Language) agreesWith(base *Language) error {
	for _, key := range slices.Sorted(maps.Keys(base.texts)) {
		text, ok := l.texts[key]
		if !ok || strings.TrimSpace(text) == "" {
			return fmt.Errorf("%s is missing", key)
		}
		if got, want := placesOf(text), placesOf(base.texts[key]); !slices.Equal(got, want) {
			return fmt.Errorf("%s has %q, not %q", key, got, want)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.texts)) {
		if _, ok := base.texts[key]; !ok {
			return fmt.Errorf("%s is a text that %s does not have", key, base.Tag)
		}
	}
	return nil
}

func placesOf(text string) []string {
	places := placeholder.FindAllString(text, -1)
	slices.Sort(places)
	return slices.Compact(places)
}

// Languages returns all languages, the first one first.
func (c *Catalogue) Languages() []*Language { return c.languages }

// maxTags and maxTag bound what a request may ask for: nobody needs more.
const (
	maxTags = 20
	maxTag  = 64 // bytes
)

// For returns the language that fits best, of tags with the most wanted one first.
func (c *Catalogue) For(tags ...string) *Language {
	var wanted []language.Tag
	for _, text := range tags[:min(len(tags), maxTags)] {
		if len(text) > maxTag {
			continue
		}
		if tag, err := language.Parse(text); err == nil {
			wanted = append(wanted, tag)
		}
	}
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		i = 0
	}
	return c.languages[i]
}
