// Package templates embeds the HTML of every page, a folder for each set that
// shares a layout. internal/web parses them.
package templates

import "embed"

// FS holds the folders.
//
//go:embed demo login
var FS embed.FS
