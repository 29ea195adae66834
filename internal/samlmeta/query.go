package samlmeta

import (
	"net/url"
	"strings"
)

// QueryAddress is where a server of metadata queries has the metadata of one entity
// (Metadata Query Protocol, draft-young-md-query section 2.1): base is its address
// without "/entities".
func QueryAddress(base, entity string) string {
	return strings.TrimSuffix(base, "/") + "/entities/" + url.PathEscape(entity)
}
