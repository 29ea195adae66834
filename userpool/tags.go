package userpool

import (
	"regexp"
	"strings"
)

// maxTags is how many tags a pool can have.
const maxTags = 50

// tagText is what keys and values of tags are made of.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// checkTags holds tags to AWS's common rules.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("A user pool can have %d tags.", maxTags)
	}
	for key, value := range tags {
		switch {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("aws: prefixed tag key names are not allowed for external use.")
		case key == "" || !tagText.MatchString(key) || !tagText.MatchString(value):
			return invalid("The tag %q has characters that are not allowed.", key)
		}
	}
	return nil
}
