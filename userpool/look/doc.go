// Package look is how hosted pages look: it reads the settings of managed login
// and the style sheets of classic pages, keeps text readable on whatever colours
// it is given, and writes the style sheet that pages load. What it is given is
// hostile input: only colours, numbers and words that it knows come out again.
package look

import "fmt"

// A Problem says, for who sent it, what is wrong with an input.
type Problem string

func (p Problem) Error() string { return string(p) }

func problem(format string, args ...any) error { return Problem(fmt.Sprintf(format, args...)) }
