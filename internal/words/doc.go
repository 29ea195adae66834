// Package words holds the texts that people read, a file for each language, and
// finds the language that somebody wants. A text is named by a key; what varies in
// it stands in braces. The first language is the measure: a file that lacks a text
// of it, or has other braces, is refused when the server starts.
package words
