//go:build unix

package server

import (
	"io/fs"
	"os"
	"syscall"
)

// isOurs reports whether a file belongs to the user that the process runs as.
func isOurs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
