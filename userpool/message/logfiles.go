package message

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// LogFiles appends the logs of pools to files in a directory, an event a line: a
// file for each destination and day (UTC). Nothing deletes them.
type LogFiles struct {
	Dir string
	Now func() time.Time
}

var _ userpool.LogSink = LogFiles{}

// Deliver implements userpool.LogSink.
func (f LogFiles) Deliver(_ context.Context, to userpool.LogConfiguration, event []byte) error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(f.Dir, logFile(to)+"."+f.Now().UTC().Format(time.DateOnly)+".jsonl")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	// One write, so that nodes with one directory do not write into each other's lines.
	_, err = file.Write(append(event[:len(event):len(event)], '\n'))
	return errors.Join(err, file.Close())
}

// maxLogFile is how much of a file's name is the destination's.
const maxLogFile = 180

// logFile is the name of a destination as a file's: none leaves the directory, and
// no two are the same.
func logFile(to userpool.LogConfiguration) string {
	name := to.Service + "-" + url.PathEscape(to.Resource())
	if len(name) > maxLogFile {
		sum := sha256.Sum256([]byte(to.ARN))
		name = name[:maxLogFile-17] + "-" + hex.EncodeToString(sum[:8])
	}
	return name
}
