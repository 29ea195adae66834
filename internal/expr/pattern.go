package expr

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// maxRepeats bounds how many more steps a pattern may have than its text has bytes. The
// cost of a match is reckoned by the length of both texts, and nothing can interrupt
// it: a line of "(.?){1000}" would take a gigabyte and half a minute for one name.
const maxRepeats = 1000

var errRepeats = errors.New("what is repeated a counted number of times comes to too much")

// Pattern compiles a regular expression that somebody else wrote, and refuses one whose
// counted repetitions make it costly to keep and to match.
func Pattern(text string) (*regexp.Regexp, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if steps(tree) > len(text)+maxRepeats {
		return nil, errRepeats
	}
	return regexp.Compile(text)
}

// Whole is Pattern for one that has to match all of a text. It has to be a pattern by
// itself: "a)|(b" would get out of the group that says so.
func Whole(text string) (*regexp.Regexp, error) {
	if _, err := Pattern(text); err != nil {
		return nil, err
	}
	return regexp.Compile(`^(?:` + text + `)$`)
}

// steps is about how many instructions a pattern compiles to. Counts in counts multiply
// to no more than a thousand, or the parser had refused.
func steps(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min+1, re.Max) // Max is -1 for no end
	}
	return n
}
