package userpool

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// An importer adds users row by row. What a batch did is written to the job with
// the batch's end, so that a node which goes on begins with the next batch; rows
// that were added before a crash are then found and skipped.
type importer struct {
	*Service
	ctx    context.Context
	pool   *Pool
	job    *ImportJob
	header []string

	done                      bool
	offset                    int64
	before                    int64 // failures of former batches
	line                      int
	imported, skipped, failed int64
}

// advance writes what happened since the last time.
func (im *importer) advance(j *ImportJob) error {
	if j.Status == ImportPending {
		j.Status = ImportInProgress
	}
	j.Imported, j.Skipped, j.Failed = j.Imported+im.imported, j.Skipped+im.skipped, j.Failed+im.failed
	im.before = j.Failed
	if im.offset > 0 {
		j.Offset, j.Line = im.offset, im.line
	} else {
		im.offset, im.line = j.Offset, max(j.Line, 1)
	}
	return nil
}

// batch adds the users of some rows.
func (im *importer) batch(rows *csv.Reader, file *importReader) error {
	im.imported, im.skipped, im.failed = 0, 0, 0
	var failures []ImportFailure
	for range importBatch {
		file.grant()
		im.line++
		row, err := rows.Read()
		im.offset = file.base + rows.InputOffset()
		if errors.Is(err, io.EOF) {
			im.done = true
			break
		}
		reason := ""
		var name string
		switch {
		case errors.Is(err, errRowTooLong):
			failures, im.done = append(failures, ImportFailure{im.line, "", "The row is too long. The rest of the file was not read."}), true
			im.failed++
			return im.addFailures(failures)
		case isCSVFault(err):
			reason = "The row is not CSV, or has another number of columns than the header."
		case err != nil:
			return err
		default:
			if name, reason, err = im.add(row); err != nil {
				return err
			}
		}
		if reason != "" {
			im.failed++
			failures = append(failures, ImportFailure{im.line, name, reason})
		}
	}
	return im.addFailures(failures)
}

// maxImportFailures is how many failed rows of a file are listed; the rest is counted.
// A file can have 50 million of them.
const maxImportFailures = 10_000

// addFailures notes rows that became no users.
func (im *importer) addFailures(failures []ImportFailure) error {
	failures = failures[:min(len(failures), max(maxImportFailures-int(im.before), 0))]
	if len(failures) == 0 {
		return nil
	}
	for i := range failures {
		failures[i].Username = shortened(failures[i].Username, 128)
	}
	return im.Store.AddImportFailures(im.ctx, im.job.Pool, im.job.ID, failures)
}

// add makes the user of a row. A reason says why it could not; an error is ours.
func (im *importer) add(row []string) (name, reason string, err error) {
	if i := slices.IndexFunc(row, notText); i >= 0 {
		return "", "The row is not UTF-8 text: column " + im.header[i] + ".", nil
	}
	values := map[string]string{}
	for i, column := range im.header {
		if value := strings.TrimSpace(row[i]); value != "" {
			values[column] = strings.Clone(value)
		}
	}
	name = values[columnUsername]
	u, err := im.user(name, values)
	if err == nil {
		err = im.Store.CreateUser(im.ctx, u)
	}
	var f *Fault
	var alias *AliasError
	switch {
	case err == nil:
		im.imported++
		return name, "", nil
	case errors.Is(err, ErrUserExists):
		im.skipped++
		return name, "", nil
	case errors.As(err, &alias):
		return name, "Another user has this " + alias.Attribute + ".", nil
	case errors.As(err, &f):
		return name, f.Text, nil
	}
	return name, "", err
}

// notText reports whether a value cannot be stored: a file of another encoding, or one
// that is no text.
func notText(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }

// shortened returns the first characters of a text.
func shortened(s string, limit int) string {
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit])
	}
	return s
}

// user is what a row describes.
func (im *importer) user(name string, values map[string]string) (*User, error) {
	sms, hash := values[columnMFA], values[columnHash]
	attributes := maps.Clone(values)
	for _, column := range []string{columnMFA, columnUsername, columnHash} {
		delete(attributes, column)
	}
	for column, value := range attributes {
		if a := im.pool.Attribute(column); a != nil && a.Type == "Boolean" {
			attributes[column] = strings.ToLower(value) // spreadsheets write TRUE
		}
	}
	u, err := im.newUser(im.pool, name, attributes, writer{admin: true, creating: true})
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(sms) {
	case "", "false":
	case "true":
		if u.Attributes["phone_number"] == "" {
			return nil, invalid("The second factor needs a phone number.")
		}
		u.MFA.SMS = true
	default:
		return nil, invalid("%s must be true or false.", columnMFA)
	}
	if hash != "" {
		if err := CheckForeignHash(im.job.Algorithm, hash); err != nil {
			return nil, err
		}
		u.Password, u.PasswordChanged, u.Status = hash, im.now(), Confirmed
		return u, nil
	}
	u.Status = ResetRequired
	if !u.Verified("email") && !u.Verified("phone_number") {
		return nil, invalid("The user has no verified address to get a code at.")
	}
	return u, nil
}
