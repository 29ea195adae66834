package words

import "strings"

// The marks that keep a name written from left to right from moving the words
// around it (Unicode Standard Annex 9, section 2.4).
const (
	isolate    = "\u2068"
	endIsolate = "\u2069"
)

// Text returns a text with values for its placeholders, given as pairs of name and
// value. A key that there is not is returned as it is: a mistake that shows.
func (l *Language) Text(key string, pairs ...string) string {
	text, ok := l.texts[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	replacements := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		value := pairs[i+1]
		if l.Dir == "rtl" {
			value = isolate + value + endIsolate
		}
		replacements = append(replacements, "{"+pairs[i]+"}", value)
	}
	return strings.NewReplacer(replacements...).Replace(text)
}

// Has reports whether there is a text.
func (l *Language) Has(key string) bool {
	_, ok := l.texts[key]
	return ok
}

// Keys returns the names of all texts, in no order.
func (l *Language) Keys() []string {
	keys := make([]string, 0, len(l.texts))
	for key := range l.texts {
		keys = append(keys, key)
	}
	return keys
}

// Translate returns a sentence of the first language in this one, and the sentence
// itself where no catalogue has it. It is for what code far from any page says.
func (l *Language) Translate(sentence string) string {
	if key, ok := l.all.keys[sentence]; ok {
		return l.texts[key]
	}
	return sentence
}
