package userpool

import (
	"context"
	"time"
)

// ImportStatus is how far an import got.
type ImportStatus string

// The states of an import.
const (
	ImportCreated    ImportStatus = "Created"
	ImportPending    ImportStatus = "Pending"
	ImportInProgress ImportStatus = "InProgress"
	ImportStopping   ImportStatus = "Stopping"
	ImportStopped    ImportStatus = "Stopped"
	ImportExpired    ImportStatus = "Expired"
	ImportFailed     ImportStatus = "Failed"
	ImportSucceeded  ImportStatus = "Succeeded"
)

// An ImportJob adds the users of a file to a pool. Any node may run it; one does at
// a time, and another goes on where one stopped.
type ImportJob struct {
	Pool      PoolID
	ID        string // import- and 10 letters and digits
	Name      string
	RoleARN   string // reported, not used
	Algorithm string // of the file's password hashes; empty where it has none
	Status    ImportStatus
	Created   time.Time
	Started   time.Time
	Completed time.Time
	Message   string // why it ended

	Chunks int   // of the file that was uploaded; 0 without one
	Offset int64 // of the first byte of the file that was not read, after the header
	Line   int   // of the file that it is in

	Imported, Skipped, Failed int64
}

// An ImportFailure is a row of a file that became no user.
type ImportFailure struct {
	Line     int
	Username string
	Reason   string
}

// An ImportStore keeps user import jobs with their files.
type ImportStore interface {
	CreateImport(ctx context.Context, j *ImportJob) error
	// Import returns ErrNotFound for an unknown job.
	Import(ctx context.Context, pool PoolID, id string) (*ImportJob, error)
	// UpdateImport replaces the job with the result of fn, as one atomic step.
	UpdateImport(ctx context.Context, pool PoolID, id string, fn func(*ImportJob) error) (*ImportJob, error)
	// Imports returns up to limit jobs of a pool by ID after the token, and the next
	// token.
	Imports(ctx context.Context, pool PoolID, after string, limit int) (jobs []*ImportJob, next string, err error)
	// ImportRuns reports whether a job of the pool is to run, runs or is being stopped.
	ImportRuns(ctx context.Context, pool PoolID) (bool, error)
	// ClaimImport takes a job that is to be run, and that nobody holds, until a time,
	// else it returns ErrNotFound. Of many callers one gets a job.
	ClaimImport(ctx context.Context, until time.Time) (*ImportJob, error)
	// HoldImport holds a claimed job for longer.
	HoldImport(ctx context.Context, pool PoolID, id string, until time.Time) error

	// PutImportChunk adds a part of a job's file, or replaces it; they count from 0.
	PutImportChunk(ctx context.Context, pool PoolID, id string, n int, data []byte) error
	// ImportChunk returns ErrNotFound for a part that there is not.
	ImportChunk(ctx context.Context, pool PoolID, id string, n int) ([]byte, error)
	// DeleteImportFile deletes all parts of a job's file.
	DeleteImportFile(ctx context.Context, pool PoolID, id string) error

	AddImportFailures(ctx context.Context, pool PoolID, id string, failures []ImportFailure) error
	// ImportFailures returns up to limit failures of a job by line after one.
	ImportFailures(ctx context.Context, pool PoolID, id string, after, limit int) ([]ImportFailure, error)
}
